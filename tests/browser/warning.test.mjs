// A warning is announced at the desk: the phones in its area say so, patrol more often and call on those in danger, until it
// is lifted.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const VILLAGE = "510000100201";
const GRID = "510000100201001";
const HEAD = "冉坡下";

test("a warning is announced, raised and lifted", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  // A household below a slope that was visited yesterday: without a warning nobody has to go there today, at any time of the year.
  const worker = await Account.signIn(town.server.origin, "zhuli01");
  const home = await worker.create({
    type: "household",
    place: { area: GRID },
    set: { head: HEAD, status: "active", categories: ["geo_threat"] },
  });
  const yesterday = new Date(Date.now() - 16 * 3_600_000).toISOString().slice(0, 10);
  await worker.create({
    type: "visit",
    form: "F-VISIT/1",
    state: "visited",
    place: { area: GRID },
    set: { household: home, visit_at: `${yesterday}T09:00:00+08:00`, mode: "in_home", purposes: ["daily"], met: "head", no_change: true, well_being: "good" },
  });
  const [slope] = await worker.list("place", ({ values, area }) => values.point_kind === "geo_point" && area === GRID);
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const banner = phone.id("warning-banner");
  const row = desk.id("warning-row");

  /** What the page of the slope says of its next patrol. */
  const rhythm = async () => {
    await phone.go(`place/${slope.id}`);
    await phone.id("place-patrol").waitFor();
    return phone.text();
  };
  /** Whether the household stands on the list of those to visit. */
  const called = async () => {
    await phone.go("households?due=1");
    await phone.page.locator('[data-testid="household-list"][aria-busy="false"]').waitFor({ state: "attached" });
    return (await phone.id("household-row").filter({ hasText: HEAD }).count()) > 0;
  };

  await t.test("before it all is as usual", async () => {
    await phone.go("");
    await phone.id("home-visit").waitFor();
    assert.equal(await banner.count(), 0);
    assert.match(await rhythm(), /每 \d+ 天/);
    assert.equal(await called(), false);
  });

  await t.test("the desk says what it would do, and announces it", async () => {
    await desk.go("warnings");
    await desk.id("warning-new").click();
    const dialog = desk.page.locator("dialog[open]");
    await dialog.getByText("请选预警的种类和级别。").waitFor();
    await desk.id("warning-what").selectOption("rain");
    await desk.id("warning-level").selectOption("orange");
    await desk.id("warning-save").click();
    await desk.id("warning-wrong").filter({ hasText: "请选范围" }).waitFor();
    await desk.page.locator("label.chip", { has: desk.id(`warning-area-${VILLAGE}`) }).click();
    const effect = desk.id("warning-effect");
    await effect.waitFor();
    assert.match(await effect.innerText(), /地灾点 1 处每 4 小时巡查一次/);
    assert.match(await effect.innerText(), /[1-9]\d* 户要上门提醒/);
    await desk.id("warning-issuer").fill("镇防汛办");
    await desk.id("warning-note").fill("今晚不要在河边停留");
    await inspect(desk.page, "desk-warning-new");
    await desk.id("warning-save").click();
    await row.waitFor();
    assert.match(await row.innerText(), /暴雨橙色预警[^]*镇防汛办[^]*生效中/);
    await desk.synced();
    await inspect(desk.page, "desk-warnings");
  });

  await t.test("the phone says so, patrols by the hour and calls on the household", async () => {
    await phone.go("");
    await nudged("the warning is on the phone", () => phone.wake(), async () => (await banner.count()) > 0);
    const words = await banner.innerText();
    assert.match(words, /暴雨橙色预警/);
    assert.match(words, /为止。该巡查 [1-9]\d* 处，该上门 [1-9]\d* 户。镇防汛办。今晚不要在河边停留。/);
    await inspect(phone.page, "phone-warning");
    assert.match(await rhythm(), /每 4 小时/);
    assert.equal(await called(), true);
    await phone.airplane(true);
    await phone.go("");
    await banner.filter({ hasText: "暴雨橙色预警" }).waitFor();
    await phone.airplane(false);
    await phone.wake();
    await phone.synced();
  });

  await t.test("it is raised, and nothing else of it changes", async () => {
    await row.getByTestId("warning-change").click();
    await desk.id("warning-change-save").click();
    await desk.id("warning-change-wrong").filter({ hasText: "都没有改" }).waitFor();
    await desk.id("warning-raise").selectOption("red");
    await desk.id("warning-change-save").click();
    await row.and(desk.page.locator('[data-level="red"]')).waitFor();
    await desk.synced();
    await phone.go("");
    await nudged("it is red on the phone", () => phone.wake(), async () => /暴雨红色预警/.test(await banner.innerText()));
    assert.match(await rhythm(), /每 2 小时/);
  });

  await t.test("it is lifted, and all is as usual again", async () => {
    await row.getByTestId("warning-lift").click();
    await desk.id("confirm-yes").click();
    await until("it is over", async () => /解除/.test(await row.getByTestId("warning-state").innerText()));
    assert.equal(await desk.id("warning-lift").count(), 0, "it is not lifted twice");
    await desk.synced();
    await phone.go("");
    await nudged("it is gone from the phone", () => phone.wake(), async () => (await banner.count()) === 0);
    assert.match(await rhythm(), /每 \d+ 天/);
    assert.equal(await called(), false);
    const [held] = await worker.list("warning");
    assert.equal(held.rejected, undefined);
    assert.equal(held.values.lifted_by, "zhuren01");
  });

  await t.test("a change of policy calls on those whom it concerns until somebody met them", async () => {
    const poor = await worker.create({
      type: "household",
      place: { area: GRID },
      set: { head: "冉小寒", status: "active", categories: ["dibao"] },
    });
    const visited = (at) =>
      worker.create({
        type: "visit",
        form: "F-VISIT/1",
        state: "visited",
        place: { area: GRID },
        set: { household: poor, visit_at: at, mode: "in_home", purposes: ["daily"], met: "head", no_change: true, well_being: "good" },
      });
    await visited(`${yesterday}T09:00:00+08:00`);
    await desk.go("warnings");
    await desk.id("warning-new").click();
    await desk.id("warning-what").selectOption("policy");
    await desk.id("warning-category-dibao").waitFor({ state: "attached" });
    assert.equal(await desk.id("warning-level").count(), 0, "it has no level");
    await desk.page.locator("label.chip", { has: desk.id("warning-category-dibao") }).click();
    await desk.page.locator("label.chip", { has: desk.id(`warning-area-${VILLAGE}`) }).click();
    await desk.id("warning-effect").filter({ hasText: /[1-9]\d* 户要上门提醒/ }).waitFor();
    await desk.id("warning-save").click();
    await desk.id("warning-wrong").filter({ hasText: "有什么变化" }).waitFor();
    await desk.id("warning-note").fill("低保标准从下月起提高");
    await inspect(desk.page, "desk-policy-new");
    await desk.id("warning-save").click();
    const line = row.and(desk.page.locator('[data-what="policy"]'));
    await line.filter({ hasText: "低保户：低保标准从下月起提高" }).waitFor();
    assert.equal(await line.getByTestId("warning-change").count(), 0);
    await desk.synced();
    await phone.go("");
    await nudged("the policy is on the phone", () => phone.wake(), async () => (await banner.count()) > 0);
    assert.match(await banner.innerText(), /政策变化[^]*低保户：低保标准从下月起提高。该上门 [1-9]\d* 户。/);
    await inspect(phone.page, "phone-policy");
    const due = phone.id("household-row").filter({ hasText: "冉小寒" });
    await phone.go("households?due=1");
    await nudged("the household is to be visited", () => phone.wake(), async () => (await due.count()) > 0);
    await visited(`${new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`);
    await nudged("somebody was there", () => phone.wake(), async () => (await due.count()) === 0);
  });
  town.noComplaints();
});
