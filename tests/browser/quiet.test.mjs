// A confidential report (村务监督反映): the director of the centre handles it; the village secretary whom it names, another
// reviewer of the township and the stores of all devices have nothing of it.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const FACTS = "村道工程三十万没有公示过账目";
const HARM = "连着几天听到孩子哭喊";
const TITLE = "村务监督反映";

/** The way to one of the confidential forms. */
const way = (phone, form) => phone.page.locator(`[data-testid="confidential-new"][data-form="${form}"]`);

/** Writes a report that names somebody, up to the last step, and waits until its draft is on disk. */
async function write(phone, named) {
  await phone.choose("subject_type", "works");
  await phone.id("field-facts").fill(FACTS);
  await phone.id("field-named").selectOption(named);
  assert.ok((await phone.page.locator(".form-section [data-path]").count()) <= 7, "at most seven questions at a time");
  await phone.id("form-next").click();
  await phone.id("field-evidence").fill("公示栏旁边的人都看得到");
  await phone.choose("anonymous", "true");
  await phone.draftKept();
}

/** The store of any device holds neither the words nor the kind of record. */
async function holdsNothing(device, who, words = FACTS) {
  const stored = await Phone.prototype.stored.call(device);
  assert.ok(stored.length > 10_000, `${who}: what is stored can be read`);
  assert.ok(!stored.includes(words), `${who} holds the words`);
}

test("a confidential report is seen by its channel alone", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await phone.offlineReady();
  // What its author and the channel call the report.
  let called = "";

  await t.test("the phone says who will see it, and sends it only when it can", async () => {
    await phone.go("items");
    await phone.id("confidential").click();
    await way(phone, "F-SUPV").waitFor();
    assert.match(await phone.text(), /只有中心主任、纪检干部看得到/);
    await keep(phone.page, "phone-confidential");
    await way(phone, "F-SUPV").click();
    await write(phone, "cun201");
    await keep(phone.page, "phone-confidential-new");
    await phone.airplane(true);
    await phone.id("form-save").click();
    await phone.id("save-state").filter({ hasText: "不知道有没有送到" }).waitFor();
    await phone.airplane(false);
    // Among what is not finished it stands by its name, without a word of what it says.
    await phone.go("");
    const draft = phone.id("draft-row").filter({ hasText: TITLE });
    await draft.waitFor();
    assert.ok(!(await phone.text()).includes(FACTS));
    await draft.click();
    await phone.id("save-state").waitFor();
    if ((await phone.id("form-save").count()) === 0) await phone.id("form-next").click();
    await phone.id("form-save").click();
    await phone.page.waitForURL(/#\/confidential$/);
  });

  await t.test("then the phone has name and state, and no content", async () => {
    const row = phone.id("confidential-row");
    await row.waitFor();
    assert.equal(await row.getAttribute("data-state"), "sup_received");
    assert.ok(!(await phone.text()).includes(FACTS));
    await holdsNothing(phone, "the author's phone");
    assert.deepEqual(await phone.records(FACTS), []);
    assert.deepEqual(await phone.records(TITLE), []);
    assert.equal(await phone.unsent(), 0);
  });

  await t.test("the named secretary and other reviewers see nothing anywhere", async () => {
    // The named one has the village, the others the whole township.
    for (const user of ["cun201", "dengji01", "duban01"]) {
      const desk = await Desk.open(await town.browser.device(DESK), town.origin, user);
      assert.equal(await desk.id("nav-confidential").count(), 0, user);
      assert.equal(await desk.count(FACTS), 0, user);
      assert.equal(await desk.count(TITLE), 0, user);
      // Whoever knows the address is told that it is not theirs.
      await desk.go("confidential");
      await desk.id("blank-error").waitFor();
      assert.equal(await desk.id("confidential-row").count(), 0, user);
      await desk.go("ledger");
      await desk.page.locator("h1", { hasText: "事项台账" }).waitFor();
      assert.ok(!(await Phone.prototype.text.call(desk)).includes(FACTS), user);
      await holdsNothing(desk, user);
      await desk.context.close();
    }
    const secretary = await Phone.open(await town.browser.device(PHONE), town.origin, "cun201");
    assert.deepEqual(await secretary.records(FACTS), []);
    await holdsNothing(secretary, "the secretary's phone");
    await secretary.context.close();
  });

  await t.test("the director accepts and closes it, and each look is written down", async () => {
    const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
    assert.equal(await desk.count(FACTS), 0, "it is not in the queue");
    await desk.id("nav-confidential").click();
    await desk.id("confidential-row").click();
    const detail = desk.id("confidential-detail");
    await detail.filter({ hasText: FACTS }).waitFor();
    assert.ok((await desk.id("confidential-views").locator("li").count()) >= 1);
    await desk.act("sup_accept", { text: "先查三年的账" });
    const title = desk.id("confidential-title");
    await title.filter({ hasText: /^\d{4}-\d\d-\d\d-[0-9A-F]{6}$/ }).waitFor();
    called = (await title.innerText()).trim();
    await until("it is accepted", async () => (await title.getAttribute("data-state")) === "sup_accepted");
    await keep(desk.page, "desk-confidential");
    await desk.act("sup_close", { text: "已补公示", told: "phone" });
    await until("it is closed", async () => (await title.getAttribute("data-state")) === "sup_closed");
    await detail.filter({ hasText: "已补公示" }).waitFor();
    assert.equal(await desk.id("actions").locator("button").count(), 0);
    assert.ok((await desk.id("confidential-views").locator("li").count()) >= 3);
    // Not even here is it kept, listed or counted.
    await holdsNothing(desk, "the director's desk");
    await desk.go("ledger");
    await desk.page.locator("h1", { hasText: "事项台账" }).waitFor();
    assert.ok(!(await Phone.prototype.text.call(desk)).includes(called));
  });

  await t.test("the reporter sees its name and how far it is", async () => {
    await phone.go("");
    await phone.go("confidential");
    const row = phone.id("confidential-row");
    await until("the state has come", async () => (await row.getAttribute("data-state")) === "sup_closed");
    assert.ok((await row.innerText()).includes(called), "the same name as at the desk");
    assert.ok(!(await phone.text()).includes("已补公示"), "nothing of what was found");
  });

  await t.test("a report on the only one who would hear it is not taken", async () => {
    await way(phone, "F-SUPV").click();
    await write(phone, "zhuren01");
    await phone.id("form-save").click();
    await phone.id("save-state").filter({ hasText: "12388" }).waitFor();
    await phone.go("confidential");
    await phone.id("confidential-row").waitFor();
    assert.equal(await phone.id("confidential-row").count(), 1);
  });

  await t.test("a clue of harm is heard by whom the township named until a day, and by no other channel", async () => {
    const director = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
    await director.go("staff");
    await director.id("staff-search").fill("duban01");
    const person = director.page.locator('[data-testid="staff-row"][data-user="duban01"]');
    await person.getByTestId("staff-grant").click();
    await keep(director.page, "desk-grant");
    await director.id("grant-give").click();
    await person.filter({ hasText: "人身侵害线索专办人" }).waitFor();

    await phone.go("confidential");
    await way(phone, "F-ABUSE").waitFor();
    assert.equal(await phone.id("confidential-110").first().getAttribute("href"), "tel:110");
    await keep(phone.page, "phone-harm");
    await way(phone, "F-ABUSE").click();
    await phone.choose("danger_now", "false");
    await phone.choose("clue_type", "minor_abuse_clue");
    await phone.id("field-facts").fill(HARM);
    assert.equal(await phone.id("confidential-110").getAttribute("href"), "tel:110");
    await phone.id("form-next").click();
    await phone.id("field-victim").fill("男孩，约八岁");
    await phone.id("form-next").click();
    await phone.choose("police_told", "false");
    await phone.choose("anonymous", "true");
    await phone.draftKept();
    await keep(phone.page, "phone-harm-form");
    await phone.id("form-save").click();
    await phone.page.waitForURL(/#\/confidential$/);
    await holdsNothing(phone, "the author's phone", HARM);

    const granted = await Desk.open(await town.browser.device(DESK), town.origin, "duban01");
    await granted.id("nav-confidential").click();
    await granted.id("confidential-row").waitFor();
    assert.equal(await granted.id("confidential-row").count(), 1, "of village affairs this person hears nothing");
    await granted.id("confidential-row").click();
    await granted.id("confidential-detail").filter({ hasText: HARM }).waitFor();
    await granted.act("sup_accept", { text: "今天去看" });
    await keep(granted.page, "desk-harm");
    await director.id("nav-confidential").click();
    await until("the director hears both", async () => (await director.id("confidential-row").count()) === 2);

    // Taken back, it is over at once.
    await director.go("staff");
    await director.id("staff-search").fill("duban01");
    await person.getByTestId("staff-grant").click();
    await director.id("grant-end").click();
    await until("nothing is held any more", async () => !(await person.innerText()).includes("人身侵害线索专办人"));
    await granted.page.reload();
    await granted.id("sync-state").waitFor();
    await granted.synced();
    await granted.go("confidential");
    await granted.id("blank-error").waitFor();
  });

  await t.test("an opinion on an official goes the same way before anybody could read it", async () => {
    const words = "修路时有干部给亲戚打招呼";
    await phone.go("item/public_opinion/new");
    await phone.id("field-facts").fill(words);
    await phone.id("form-next").click();
    await phone.choose("opinion_kind", "cadre");
    await phone.draftKept();
    await phone.pressSave();
    // Nothing is left behind unasked.
    await phone.id("turn-told").filter({ hasText: /写好的话/ }).waitFor();
    await phone.id("confirm-yes").click();
    await phone.page.waitForURL(/#\/confidential\/new\?form=F-SUPV/);
    assert.equal(await phone.id("field-facts").inputValue(), words, "nobody writes it twice");
    await keep(phone.page, "phone-opinion-apart");
    await phone.id("draft-discard").click();
    await phone.id("confirm-yes").click();
    await phone.id("draft-discard").waitFor({ state: "detached" });
    await holdsNothing(phone, "the author's phone", words);
    assert.deepEqual(await phone.records(words), [], "no record has it");
  });

  await t.test("no feed has it", async () => {
    for (const user of ["zhuli01", "cun201", "dengji01", "duban01", "guanli01", "zhuren01"]) {
      const account = await Account.signIn(town.server.origin, user);
      assert.deepEqual(await account.list("confidential"), [], user);
      assert.ok(account.records.size > 0, user);
      assert.ok(!JSON.stringify([...account.records.values()].map(({ values }) => values)).includes(FACTS), user);
    }
  });
  town.noComplaints();
});
