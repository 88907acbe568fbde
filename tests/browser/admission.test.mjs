// How an item comes onto the list: a unit applies at the desk, the centre reviews, somebody else approves, and phones offer it.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { keep, inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const TOWNSHIP = "510000100";
const CODE = "G09";
const NAME = "电动车棚排查";
/** Becomes the leader of the township beside what the demo has them do. */
const LEADER = "duban01";

/** Gives an account another role, as the administrator does. */
async function promote(origin) {
  const admin = await Account.signIn(origin, "guanli01");
  const response = await fetch(`${origin}/api/staff/${LEADER}`, {
    method: "PATCH",
    headers: { ...admin.headers, "content-type": "application/json" },
    body: JSON.stringify({ assignments: ["supervisor", "general_grid_chief"].map((role) => ({ role, area: TOWNSHIP })) }),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Opens the card of the application that is at that stage, once this desk knows it; there is never more than one. */
async function look(desk, stage) {
  const row = desk.page.locator(`[data-testid=admission-row][data-stage="${stage}"]`);
  await desk.go("rules/admission");
  await nudged(`${desk.user} sees it ${stage}`, () => desk.wake(), async () => (await row.count()) > 0);
  await row.getByTestId("admission-look").click();
  await desk.id("admission-card").waitFor();
}

/** Waits until no dialog is open and the server has everything. */
async function done(desk) {
  // One may stand over another.
  await until("no dialog is open", async () => (await desk.page.locator("dialog[open]").count()) === 0);
  await desk.synced();
}

/** What stands in the way is said in the dialog itself. */
async function said(desk, words) {
  await desk.page.locator("dialog[open]").getByTestId("dialog-wrong").filter({ hasText: words }).first().waitFor();
}

test("an item comes onto the list by several people", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  await promote(town.server.origin);
  const unit = await Desk.open(await town.browser.device(DESK), town.origin, "yjb01");
  const centre = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const last = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10);

  await t.test("a unit applies, and has no other tab", async () => {
    await unit.id("nav-rules").click();
    await unit.id("rules-tab-admission").waitFor();
    assert.equal(await unit.id("rules-tab-package").count(), 0);
    await unit.go("rules/package");
    await unit.id("admission-new").click();
    for (const [field, value] of Object.entries({
      name: NAME, code: CODE, basis: "消防条例第十二条（虚构）", actions: "看有没有在楼道里充电",
      minutes: "121", times: "30", grids: "40", why: "走访时顺便看，楼道充电起过火", training: "镇消防站培训半天", funding: "无", contact: "应急办值班室 02800000000",
    })) await unit.id(`admission-${field}`).fill(value);
    for (const [field, value] of Object.entries({ unit: "yjb", group: "public_order", form: "F-GENERAL", sla: "S2" })) {
      await unit.id(`admission-${field}`).selectOption(value);
    }
    // The box lies under its picture.
    await unit.page.locator("label.switch", { has: unit.id("admission-temporary") }).click();
    await keep(unit.page, "desk-admission-apply");
    await unit.id("admission-save").click();
    await said(unit, "临时事项要写结束日期");
    await unit.id("admission-to").fill(last);
    await unit.id("admission-save").click();
    await done(unit);
    await look(unit, "applied");
    await unit.id("admission-waits").filter({ hasText: "下一步：中心" }).waitFor();
    assert.equal(await unit.id("admission-agree").count(), 0, "nobody reviews what is his own to propose");
    await unit.page.keyboard.press("Escape");
  });

  await t.test("what was applied for can be corrected until it is reviewed", async () => {
    await look(unit, "applied");
    await unit.id("admission-edit").click();
    assert.equal(await unit.id("admission-name").inputValue(), NAME);
    await unit.id("admission-minutes").fill("122");
    await unit.id("admission-save").click();
    await done(unit);
  });

  await t.test("the centre reviews it, and a no needs its reason", async () => {
    await look(centre, "applied");
    await centre.id("admission-much").waitFor();
    assert.match(await centre.id("admission-card").innerText(), /镇消防站培训半天/);
    await keep(centre.page, "desk-admission-card");
    await centre.id("admission-refuse").click();
    await said(centre, "不同意要写明理由");
    await centre.id("admission-words").fill("可行，先办两个月");
    await centre.id("admission-agree").click();
    await done(centre);
  });

  await t.test("who reviewed it does not approve it", async () => {
    await look(centre, "reviewed");
    await centre.id("admission-waits").filter({ hasText: "审批要由申请人、审核人以外的人办" }).waitFor();
    assert.equal(await centre.id("admission-agree").count(), 0);
    await centre.page.keyboard.press("Escape");
    await phone.go("items");
    await phone.id("item-row").first().waitFor();
    assert.equal(await phone.id("item-row").filter({ hasText: NAME }).count(), 0, "nothing unlisted is offered");
  });

  await t.test("a leader approves", async () => {
    const leader = await Desk.open(await town.browser.device(DESK), town.origin, LEADER);
    await leader.id("nav-rules").filter({ hasText: "1" }).click();
    await look(leader, "reviewed");
    assert.match(await leader.id("admission-steps").innerText(), /可行，先办两个月/);
    await leader.id("admission-agree").click();
    await done(leader);
    await look(leader, "approved");
    assert.equal(await leader.id("admission-publish").count(), 0, "the centre publishes");
  });

  await t.test("the centre publishes, and a phone offers the item", async () => {
    await look(centre, "approved");
    await centre.id("admission-publish").click();
    await done(centre);
    await look(centre, "published");
    await until("all four steps are told", async () => (await centre.id("admission-step").count()) === 4);
    await inspect(centre.page, "desk-admission-published");
    await centre.page.keyboard.press("Escape");
    await nudged("the phone offers the item", () => phone.wake(), async () => {
      await phone.go("");
      await phone.go("items");
      return (await phone.id("item-row").filter({ hasText: NAME }).count()) > 0;
    });
    const account = await Account.signIn(town.server.origin, "zhuren01");
    const [held] = await account.list("admission");
    const [rules] = await account.list("rules");
    assert.equal(held.rejected, undefined);
    assert.equal(rules.rejected, undefined);
    assert.equal(held.values.published.rules, rules.id);
    const worker = await Account.signIn(town.server.origin, "zhuli01");
    assert.equal((await worker.list("admission")).length, 0, "phones of grid workers hold none");
    const item = (await worker.list("rules"))[0].values[`item/${CODE.toLowerCase()}`];
    assert.deepEqual([item.name, item.to, item.minutes_month], [NAME, last, 122 * 30], "as it was corrected");
  });

  /** The unit asks for the same item to be ended. */
  async function retire() {
    await unit.go("rules/admission");
    await unit.id("admission-new").click();
    await unit.id("admission-kind").selectOption("retire");
    await unit.id("admission-unit").selectOption("yjb");
    await unit.id("admission-ends").selectOption("ceremony");
    await unit.id("admission-last").fill(last);
    await unit.id("admission-why").fill("已写进村规民约");
    await unit.id("admission-successor").fill("红白理事会自己办");
    await unit.id("admission-contact").fill("应急办值班室");
    await unit.id("admission-save").click();
    await done(unit);
  }

  await t.test("who applied withdraws it, and nobody can take a step any more", async () => {
    await retire();
    await look(centre, "applied");
    assert.equal(await centre.id("admission-withdraw").count(), 0, "only who applied");
    await look(unit, "applied");
    await unit.id("admission-withdraw").click();
    await unit.id("confirm-yes").click();
    await done(unit);
    await look(unit, "refused");
    assert.match(await unit.id("admission-steps").innerText(), /撤回[\s\S]*申请人撤回/);
    assert.equal(await unit.id("admission-withdraw").count(), 0, "once");
    await unit.page.keyboard.press("Escape");
    // The centre had it open meanwhile: what it was asked for goes by itself.
    await until("the centre knows", async () => (await centre.id("admission-agree").count()) === 0);
    assert.match(await centre.id("admission-steps").innerText(), /撤回[\s\S]*申请人撤回/);
    await centre.page.keyboard.press("Escape");
    const account = await Account.signIn(town.server.origin, "zhuren01");
    const [held] = await account.list("admission", ({ values }) => values.ended);
    assert.deepEqual([held.user, held.values.ended, held.rejected], ["yjb01", "申请人撤回", undefined]);
  });

  await t.test("what a unit wants to end is refused for a reason", async () => {
    await retire();
    await look(centre, "applied");
    await centre.id("admission-words").fill("先问过各村再报");
    await centre.id("admission-refuse").click();
    await done(centre);
    await until("both are over", async () => {
      await unit.go("rules/admission");
      await unit.wake();
      return (await unit.page.locator('[data-testid=admission-row][data-stage="refused"]').count()) === 2;
    });
    const row = unit.page.locator("[data-testid=admission-row]").filter({ hasText: "中心不同意" });
    await row.getByTestId("admission-look").click();
    assert.match(await unit.id("admission-steps").innerText(), /不同意[\s\S]*先问过各村再报/);
    assert.equal(await unit.id("admission-waits").count(), 0, "it ends there");
  });
  town.noComplaints();
});
