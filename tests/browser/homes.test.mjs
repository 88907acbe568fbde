// What a household's card keeps: categories with approval, who came and went, two records of one household, and visits
// that nobody makes alone.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect, keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const GRID = "510000100201001";
const NOTE = "按时报到情绪平稳";

/** Answers a dialog of questions and saves it. */
async function answer(screen, answers) {
  for (const [path, value] of Object.entries(answers)) {
    const control = screen.id(`ask-${path}`);
    const tag = await control.evaluate((node) => node.tagName);
    if (tag === "SELECT") await control.selectOption(value);
    else if (tag === "INPUT") await control.fill(value);
    else {
      for (const one of value) {
        await control.locator("label.chip", { has: screen.page.locator(`input[value="${one}"]`) }).click();
      }
    }
  }
  await screen.id("ask-save").click();
}

/** The same, and the dialog is gone: it was saved. */
async function saved(screen, answers) {
  await answer(screen, answers);
  await until("the dialog has closed", async () => (await screen.id("ask-save").count()) === 0);
}

test("a household's card", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "cun201");
  let house;

  await t.test("a category is proposed on the phone and approved at the desk", async () => {
    await phone.go("households");
    await phone.id("household-row").first().click();
    await phone.id("kinds").waitFor();
    house = new URL(phone.page.url()).hash.split("/").pop().split("?")[0];
    await phone.id("kind-add").click();
    await saved(phone, { category: "small_place", source: "visited" });
    const kind = phone.id("kind").filter({ hasText: "九小场所" });
    await kind.filter({ hasText: "待审核" }).waitFor();
    assert.equal(await kind.getByTestId("kind-approve").count(), 0, "nobody approves his own entry");
    await inspect(phone.page, "phone-household-kinds");
    await phone.synced();
    await desk.go(`households/${house}`);
    const there = desk.id("kind").filter({ hasText: "九小场所" });
    await nudged("the proposal is at the desk", () => desk.wake(), async () => (await there.count()) > 0);
    await there.getByTestId("kind-approve").click();
    await saved(desk, {});
    await until("it is approved", async () => !(await there.innerText()).includes("待审核"));
    await inspect(desk.page, "desk-household-kinds");
    await desk.synced();
    await nudged("the phone knows", () => phone.wake(), async () => !(await kind.innerText()).includes("待审核"));
  });

  await t.test("a birth becomes a member", async () => {
    const before = await phone.id("member-row").count();
    await phone.id("movement-add").click();
    await saved(phone, { kind: "birth", who: "@new", name: "钟立春", relation: "grandchild" });
    await phone.id("movement").filter({ hasText: "钟立春 出生" }).waitFor();
    await phone.id("member-row").filter({ hasText: "钟立春" }).waitFor();
    assert.equal(await phone.id("member-row").count(), before + 1);
    await phone.synced();
    const there = desk.page.getByText("钟立春").first();
    await nudged("the desk has the child", () => desk.wake(), async () => (await there.count()) > 0);
    await desk.synced();
  });

  await t.test("who is home from hospital is written on the card, and lives there as before", async () => {
    const people = await phone.id("member-row").count();
    await phone.airplane(true);
    await phone.id("movement-add").click();
    const name = await phone.id("ask-who").locator("option:not([disabled])").evaluateAll((all) => all.map((one) => one.value).find((value) => value && !value.startsWith("@")));
    await saved(phone, { kind: "discharge", who: name });
    await phone.id("movement").filter({ hasText: "出院" }).waitFor();
    assert.equal(await phone.id("member-row").count(), people);
    await phone.airplane(false);
    await phone.wake();
    await phone.synced();
  });

  await t.test("what arrives leaves an open dialog as it is", async () => {
    await desk.id("kind-add").click();
    await desk.id("ask-note").fill("村医讲的，病历在卫生室");
    await phone.id("movement-add").click();
    await saved(phone, { kind: "birth", who: "@new", name: "钟立夏", relation: "grandchild" });
    await phone.synced();
    const there = desk.id("movement").filter({ hasText: "钟立夏 出生" });
    // Behind the dialog nobody can press the button.
    const wake = () => desk.id("sync-state").dispatchEvent("click");
    await nudged("the card behind the dialog has the child", wake, async () => (await there.count()) > 0);
    assert.equal(await desk.id("ask-note").inputValue(), "村医讲的，病历在卫生室");
    await inspect(desk.page, "desk-household-dialog-stays");
    await saved(desk, { category: "enterprise", source: "visited" });
    const kind = desk.id("kind").filter({ hasText: "村医讲的" });
    await kind.waitFor();
    await desk.synced();
  });

  await t.test("a round leaves an open dialog of the phone as it is, and the card behind it follows", async () => {
    await phone.wake();
    await phone.synced();
    await phone.id("movement-add").click();
    await phone.id("ask-name").fill("钟立冬");
    await desk.id("movement-add").click();
    await saved(desk, { kind: "birth", who: "@new", name: "钟立秋", relation: "grandchild" });
    await desk.synced();
    const there = phone.id("movement").filter({ hasText: "钟立秋 出生" });
    await nudged("the card behind the dialog has the child", () => phone.wake(), async () => (await there.count()) > 0);
    assert.equal(await phone.id("ask-name").inputValue(), "钟立冬");
    await inspect(phone.page, "phone-household-dialog-stays");
    await saved(phone, { kind: "birth", who: "@new", relation: "grandchild" });
    await phone.id("movement").filter({ hasText: "钟立冬 出生" }).waitFor();
    await phone.synced();
    const both = desk.id("movement").filter({ hasText: "钟立冬 出生" });
    await nudged("the desk has it, too", () => desk.wake(), async () => (await both.count()) > 0);
  });

  await t.test("two households are one, and two again", async () => {
    await desk.go("households");
    const count = async () => Number.parseInt(await desk.id("household-count").innerText(), 10);
    await desk.id("household-row").nth(1).waitFor();
    const whole = await count();
    const rows = desk.id("household-row");
    const ids = await rows.evaluateAll((nodes) => nodes.map((node) => node.dataset.id));
    const other = ids.findIndex((id) => id !== house);
    await rows.nth(other).click();
    await desk.id("household-title").waitFor();
    const code = (await desk.page.locator(".pane-head p.mono").last().innerText()).trim();
    assert.ok(code.length > 10, code);
    await desk.go(`households/${house}`);
    const shown = desk.page.locator(".pane-head p.mono").last();
    await until("the card of the first", async () => !(await shown.innerText()).includes(code));
    await desk.id("merge-any").click();
    await saved(desk, { code });
    await desk.id("same").getByTestId("unmerge").waitFor();
    await until("one household less", async () => (await count()) === whole - 1);
    await keep(desk.page, "desk-household-merged");
    await desk.id("unmerge").first().click();
    await saved(desk, {});
    await until("two again", async () => (await count()) === whole);
    await desk.synced();
  });

  await t.test("somebody who was written down twice is one person, in one household and in two", async () => {
    await phone.wake();
    await phone.synced();
    const write = async (home) => {
      await phone.go(`household/${home}/member/new`);
      await phone.id("field-members/0/name").fill("季小雪");
      await phone.id("field-members/0/relation").selectOption("grandchild");
      await phone.id("field-members/0/phone").fill("13912340001");
    };
    const rows = phone.id("member-row").filter({ hasText: "季小雪" });
    await write(house);
    await phone.pressSave();
    await rows.waitFor();
    await write(house);
    await phone.page.getByText("这个人可能已经在这一户里").waitFor();
    await inspect(phone.page, "phone-member-twice");
    await phone.pressSave();
    const one = phone.id("persons-one");
    await one.waitFor();
    assert.equal(await rows.count(), 2);
    await one.click();
    await saved(phone, { how: "same" });
    const said = phone.id("persons-said").filter({ hasText: "已合成一人" });
    await said.waitFor();
    assert.equal(await rows.count(), 1);
    await inspect(phone.page, "phone-member-one");
    await said.getByTestId("persons-undo").click();
    await saved(phone, {});
    await until("two rows again", async () => (await rows.count()) === 2);
    await one.click();
    await saved(phone, { how: "same" });
    await said.waitFor();
    // She moved into another household and is written down there.
    await phone.go("households");
    await phone.id("household-row").nth(1).waitFor();
    const links = await phone.id("household-row").evaluateAll((nodes) => nodes.map((node) => node.getAttribute("href")));
    const other = links.map((link) => link.split("/").pop().split("?")[0]).find((id) => id !== house);
    await write(other);
    await phone.page.getByText("有人在另一户也登记着").waitFor();
    await phone.pressSave();
    const asks = phone.id("same").locator(".banner").filter({ hasText: "季小雪" });
    await asks.waitFor();
    await inspect(phone.page, "phone-member-elsewhere");
    await asks.getByTestId("persons-settle").click();
    await saved(phone, { how: "moved_out" });
    await until("nothing more is asked of her", async () => (await asks.count()) === 0);
    await phone.go(`household/${house}`);
    await phone.id("movement").filter({ hasText: "季小雪 迁出" }).waitFor();
    assert.equal(await rows.count(), 0, "she is no more of the first");
    await phone.synced();
  });

  await t.test("the card tells the rest, and what a household is told before", async () => {
    const worker = await Account.signIn(town.server.origin, "zhuli01");
    const home = await worker.create({
      type: "household",
      form: "F-HOUSEHOLD/2",
      place: { area: GRID },
      set: {
        address_text: "柳湾村1组99号",
        door_no: "99号",
        head: "苏木生",
        residence_type: "permanent",
        status: "active",
        livestock: "两头牛",
        evac_notify: ["gong"],
        "members/m1/name": "苏木生",
        "members/m1/relation": "head",
        "members/m1/phone": "13912340099",
        "members/m1/health": ["bedridden"],
      },
    });
    await phone.go("households");
    await phone.id("household-search").fill("苏木生");
    const row = phone.id("household-row").filter({ hasText: "苏木生" });
    await nudged("the phone has it", () => phone.wake(), async () => (await row.count()) > 0);
    await phone.go(`household/${home}`);
    const facts = phone.id("household-facts");
    await facts.waitFor();
    for (const part of await facts.locator("summary").all()) await part.click();
    const told = await facts.innerText();
    assert.ok(told.includes("两头牛") && told.includes("敲锣") && told.includes("卧床"), told);
    await inspect(phone.page, "phone-household-facts");
    await phone.id("household-notice-open").click();
    assert.match(await phone.id("household-notice").innerText(), /改正/);
    await inspect(phone.page, "phone-household-notice");
    await phone.page.locator("dialog[open]").getByTestId("dialog-close").click();

    // Nobody sets that its people stand in a dispute: the plan knows it from the dispute, and the list of the week has it.
    await phone.go("households?due=1");
    await phone.id("plan-way").waitFor();
    assert.equal(await row.count(), 0, "a new household of no category is not due");
    await worker.create({
      type: "dispute",
      form: "F-DISPUTE/1",
      state: "submitted",
      place: { area: GRID },
      set: { facts: "水沟边界说不拢", occur_place: "一组院坝", household: home },
    });
    await nudged("it is due", () => phone.wake(), async () => (await row.count()) > 0);
    await phone.go(`household/${home}`);
    await phone.id("kind-ruled").filter({ hasText: "未结纠纷当事人户" }).waitFor();
    await phone.go("households?due=1");
    await row.waitFor();
    await phone.page.getByTestId("filter-@week").click();
    await row.waitFor();
    await phone.id("plan-way").click();
    await phone.id("plan-way").filter({ hasText: "按缓急排" }).waitFor();
    await row.waitFor();
    assert.equal(await row.count(), 1, "the order leaves nobody out");
    await inspect(phone.page, "phone-plan-way");
  });

  await t.test("visits drawn by lot are asked about again by somebody else", async () => {
    const worker = await Account.signIn(town.server.origin, "zhuli01");
    const now = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 16);
    await worker.create({
      type: "visit",
      form: "F-VISIT/1",
      state: "visited",
      place: { area: GRID },
      set: { household: house, visit_at: now, mode: "in_home", met: "head", well_being: "good" },
    });
    await desk.go("tasks");
    await desk.id("tasks-village").selectOption(GRID.slice(0, 12));
    const note = desk.id("review-note").first();
    await nudged("a visit was drawn", () => desk.wake(), async () => (await note.count()) > 0);
    const drawn = await desk.id("review-row").filter({ has: desk.id("review-note") }).first().getAttribute("data-id");
    const mine = desk.page.locator(`[data-testid=review-row][data-id="${drawn}"]`);
    await note.click();
    await answer(desk, { way: "phone", result: "differs" });
    await desk.id("ask-error").filter({ hasText: "写清情况" }).waitFor();
    await saved(desk, { note: "说是打的电话，不是上门" });
    await mine.getByTestId("review-result").filter({ hasText: "有出入" }).waitFor();
    assert.equal(await mine.getByTestId("review-note").count(), 0);
    await inspect(desk.page, "desk-review");
    await desk.synced();
  });

  await t.test("where nobody goes alone is known to the named only", async () => {
    const director = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
    await director.go(`households/${house}`);
    await director.id("joint-open").click();
    await saved(director, { category: "correction", source: "department", people: ["zhuli01"] });
    await director.id("joint-one").waitFor();
    await inspect(director.page, "desk-household-joint");
    await director.synced();
    await phone.go(`household/${house}`);
    const one = phone.id("joint-one");
    await nudged("the named one has it", () => phone.wake(), async () => (await one.count()) > 0);
    await one.getByTestId("joint-visit").click();
    await answer(phone, { met: "head", note: NOTE });
    await phone.id("ask-error").filter({ hasText: "两人同行" }).waitFor();
    await inspect(phone.page, "phone-joint-alone");
    await saved(phone, { with: "陈警官", with_role: "police" });
    await one.filter({ hasText: NOTE }).waitFor();
    await phone.synced();
    await nudged("the director reads it", () => director.wake(), async () => (await director.id("joint-one").innerText()).includes(NOTE));
    // The village's desk has the whole area, and nothing of this.
    await desk.wake();
    await desk.synced();
    await desk.go(`households/${house}`);
    await desk.id("kinds").waitFor();
    assert.equal(await desk.id("joint").count(), 0);
    assert.ok(!(await Phone.prototype.stored.call(desk)).includes(NOTE), "not in its store either");
  });
});
