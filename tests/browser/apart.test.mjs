// What must not stand openly goes another way; what mediators look up; who is on duty; what a role is called here.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect, keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

/** Whether some field on the screen says this. */
const says = (page, words) =>
  page.evaluate((text) => [...document.querySelectorAll("textarea, input")].some((one) => one.value.includes(text)), words);

test("apart, the library, duty and roles", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");

  const title = "村务监督反映";
  /** The way from the open to that form. */
  const way = () => phone.page.locator('[data-testid="go-apart"][data-form="F-SUPV"]');
  /** Drafts on this phone with these words in the list of what I wrote. */
  const draft = (text) => phone.id("draft-row").filter({ hasText: text });

  await t.test("a report about an official becomes one in confidence, and what does not go along is named before", async () => {
    const words = "组长收了修路的钱不公示";
    await phone.go("dispute/new");
    await phone.id("field-facts").fill(words);
    await phone.id("field-occur_place").fill("二组");
    await phone.draftKept();
    // The list would have the words, so that it tells something when they are not there.
    await phone.go("records");
    await draft(words).click();
    await until("the draft goes on", () => says(phone.page, words));
    await phone.id("apart").locator("summary").click();
    await inspect(phone.page, "phone-apart");
    await way().click();
    await phone.id("turn-told").filter({ hasText: "找不回来" }).waitFor();
    await inspect(phone.page, "phone-apart-asked");
    // Whoever thinks better of it loses nothing.
    await phone.page.locator("dialog[open]").getByRole("button", { name: "取消" }).click();
    await phone.id("turn-told").waitFor({ state: "detached" });
    assert.equal(await phone.id("field-occur_place").inputValue(), "二组");
    await way().click();
    await phone.id("confirm-yes").click();
    await phone.page.waitForURL(/#\/confidential\/new/);
    await until("the words went along", () => says(phone.page, words));
    await inspect(phone.page, "phone-apart-taken");
    await phone.go("records");
    await draft(title).waitFor();
    assert.equal(await draft(words).count(), 0, "no open draft is left");
    assert.equal((await phone.text()).includes(words), false);
    await draft(title).click();
    await phone.id("draft-discard").click();
    await phone.id("confirm-yes").click();
    await phone.id("draft-discard").waitFor({ state: "detached" });
  });

  await t.test("what was saved openly goes out of sight once the report in confidence has arrived, and no sooner", async () => {
    const words = "干部家里先拿到了补贴";
    // A dispute is called after its place.
    const name = "下坝晒场纠纷";
    const clerk = await Account.signIn(town.server.origin, "dengji01");
    const open = async () => (await clerk.list("dispute", ({ values }) => values.facts === words)).length;
    await phone.dispute({ facts: words, place: "下坝晒场" });
    await nudged("the township has it", () => phone.wake(), async () => (await open()) === 1);
    await phone.openRecord(name);
    await phone.id("apart").locator("summary").click();
    await way().click();
    await phone.id("turn-told").filter({ hasText: "拿不回来" }).waitFor();
    await phone.id("confirm-yes").click();
    await phone.page.waitForURL(/#\/confidential\/new/);
    await until("the words went along", () => says(phone.page, words));
    assert.match(await phone.text(), /这份交到以后，原来公开的那一条才收起来/);
    await phone.choose("subject_type", "works");
    await phone.id("form-next").click();
    await phone.choose("anonymous", "true");
    await phone.draftKept();
    // Without a network nothing arrives, and nothing goes out of sight.
    await phone.airplane(true);
    await phone.id("form-save").click();
    await phone.id("save-state").filter({ hasText: "不知道有没有送到" }).waitFor();
    assert.equal((await phone.records(name)).length, 1, "it is still among mine");
    await phone.airplane(false);
    await phone.synced();
    assert.equal(await open(), 1, "and the township still has it");
    await draft(title).click();
    await phone.id("save-state").waitFor();
    if ((await phone.id("form-save").count()) === 0) await phone.id("form-next").click();
    await phone.id("form-save").click();
    await phone.page.waitForURL(/#\/confidential$/);
    await phone.id("confidential-row").waitFor();
    assert.deepEqual(await phone.records(name), []);
    assert.equal(await draft(title).count(), 0);
    await nudged("nobody else is sent it any more", () => phone.wake(), async () => (await open()) === 0);
  });

  await t.test("cards of laws and cases are found by a word, without a network", async () => {
    await phone.offlineReady();
    await phone.go("library?category=neighbor");
    await phone.id("library-law").first().waitFor();
    await phone.airplane(true);
    await phone.go("");
    await phone.go("library");
    await phone.id("library-search").fill("彩礼");
    await until("only what is about it is left", async () => {
      const all = await phone.id("library-law").count();
      return all > 0 && all < 5;
    });
    await phone.id("library-law").first().locator("summary").click();
    await inspect(phone.page, "phone-library");
    await phone.airplane(false);
  });

  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "guanli01");
  await t.test("the administrator adds a role as the township calls it", async () => {
    await desk.go("rules/roles");
    await desk.id("role-row").first().waitFor();
    await desk.id("role-new").click();
    await desk.id("role-save").click();
    await desk.page.locator("dialog[open]").getByTestId("dialog-wrong").waitFor();
    await desk.id("role-label").fill("柳溪议事员");
    await desk.id("role-may-record-create").selectOption("none");
    await keep(desk.page, "desk-role");
    await desk.id("role-save").click();
    const row = desk.id("role-row").filter({ hasText: "柳溪议事员" }).filter({ hasText: "本镇设的" });
    await row.waitFor();
    await desk.synced();
    await inspect(desk.page, "desk-roles");
    // Like 村务助理 in everything but one: whoever holds it reports nothing any more, and the server says so.
    const area = "510000100201002";
    const held = await Account.signIn(town.server.origin, "zhuli02");
    const report = {
      type: "hazard",
      form: "F-HAZARD/1",
      state: "submitted",
      place: { area },
      set: { desc: "路边堆着柴草", address_text: "二组路口" },
    };
    await held.create(report);
    const admin = await Account.signIn(town.server.origin, "guanli01");
    const response = await fetch(`${town.server.origin}/api/staff/zhuli02`, {
      method: "PATCH",
      headers: { ...admin.headers, "content-type": "application/json" },
      body: JSON.stringify({ assignments: [{ role: await row.getAttribute("data-id"), area }] }),
    });
    assert.equal(response.status, 200, await response.text());
    await assert.rejects(held.create(report), /not_permitted/);
    // What it grants as 村务助理 counts as well: the own report is still read.
    assert.ok((await held.list("hazard", ({ values }) => values.desc === report.set.desc)).length > 0);
  });

  await t.test("a unit's duty is set for a week, and everybody sees who it is today", async () => {
    await desk.go("staff");
    await desk.id("unit-row").first().waitFor();
    await desk.id("unit-roster").first().click();
    await desk.page.locator("dialog[open]").getByTestId("ask-people").fill("何秀兰 13800510031、钟小满");
    await keep(desk.page, "desk-unit-roster");
    await desk.id("ask-save").click();
    await nudged("the row says who is on duty", () => desk.synced(), async () =>
      (await desk.id("unit-duty").filter({ hasText: "何秀兰" }).count()) > 0);
    await inspect(desk.page, "desk-unit-duty");
    // Who should not have been on it is taken off again.
    await desk.id("unit-roster").first().click();
    await desk.id("ask-turn").selectOption("nobody");
    await desk.id("ask-save").click();
    await nudged("nobody is on duty", () => desk.synced(), async () =>
      (await desk.id("unit-duty").filter({ hasText: "何秀兰" }).count()) === 0);
    await desk.synced();
  });
});
