// A period of zero reports is declared at the desk: the phones of its grids ask every day, one tap reports that there is
// nothing, without a network too, and the desk lists who is missing.

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
const [FIRST, SECOND] = ["510000100201001", "510000100201002"];
const LABEL = "汛期零报告";

test("a period of zero reports", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const worker = await Account.signIn(town.server.origin, "zhuli01");
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const other = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli02");
  const asked = (one) => one.id("zero-asked");
  /** What the desk says of a grid. */
  const row = (code) => desk.page.locator(`[data-testid="zero-row"][data-code="${code}"]`);
  const how = async (code) => (await row(code).getByTestId("zero-how").innerText()).trim();

  await t.test("before it nobody is asked", async () => {
    await phone.go("");
    await phone.id("home-visit").waitFor();
    assert.equal(await asked(phone).count(), 0);
    await desk.go("zero");
    await desk.page.getByText("还没有宣布过零报告").waitFor();
  });

  await t.test("the desk says what is missing, and declares it", async () => {
    await desk.id("zero-new").click();
    await desk.id("zero-save").click();
    await desk.id("zero-wrong").filter({ hasText: "请填名称" }).waitFor();
    await desk.id("zero-label").fill(LABEL);
    await desk.id("zero-by").fill("23:59");
    await desk.id("zero-save").click();
    await desk.id("zero-wrong").filter({ hasText: "请选范围" }).waitFor();
    await desk.page.locator("label.chip", { has: desk.id(`zero-area-${VILLAGE}`) }).click();
    await desk.id("zero-count").filter({ hasText: /每天要报的：\d+ 个/ }).waitFor();
    await inspect(desk.page, "desk-zero-new");
    await desk.id("zero-save").click();
    await desk.id("zero-period-row").filter({ hasText: LABEL }).waitFor();
    await row(FIRST).waitFor();
    assert.equal(await how(FIRST), "未报");
    assert.match(await desk.id("zero-counts").innerText(), /按时 0，迟报 0，未报 [1-9]/);
    await desk.synced();
  });

  await t.test("the phone asks, and one tap without a network reports", async () => {
    await phone.go("");
    await nudged("the phone asks", () => phone.wake(), async () => (await asked(phone).count()) === 1);
    assert.match(await asked(phone).innerText(), /今天的零报告还没报 · 23:59 前/);
    assert.equal(await asked(phone).getAttribute("data-area"), FIRST);
    await inspect(phone.page, "phone-zero");
    await phone.airplane(true);
    await phone.id("zero-none").click();
    await phone.id("zero-done").waitFor();
    assert.equal(await asked(phone).count(), 0, "it is said");
    await phone.id("zero-done").getByRole("link", { name: "打开" }).click();
    await phone.page.waitForURL(/#\/record\//);
    assert.match(await phone.text(), /有没有情况\s+无/);
    await phone.airplane(false);
    await phone.wake();
    await phone.synced();
  });

  await t.test("the desk lists it in time, and who is missing first", async () => {
    await nudged("the report is at the desk", () => desk.wake(), async () => (await how(FIRST)) === "按时");
    assert.equal(await how(SECOND), "未报");
    assert.match(await row(FIRST).innerText(), /没有情况/);
    assert.match(await desk.id("zero-counts").innerText(), /按时 1，迟报 0/);
    const order = await desk.id("zero-how").allInnerTexts();
    assert.equal(order[0].trim(), "未报");
    assert.equal(order.at(-1).trim(), "按时");
    await inspect(desk.page, "desk-zero");
    const reports = await worker.list("entry", ({ values }) => values.has_any === "none");
    assert.deepEqual(reports.map(({ values, area, rejected }) => [values.area, area, rejected]), [[FIRST, FIRST, undefined]]);
  });

  await t.test("where there is something the form begins with day and area", async () => {
    await other.go("");
    await nudged("the other phone asks", () => other.wake(), async () => (await asked(other).count()) === 1);
    await other.id("zero-some").click();
    await other.id("field-facts").fill("河边小路塌了一角，已拉警戒线");
    await other.saveReport();
    await other.synced();
    await nudged("it is at the desk", () => desk.wake(), async () => (await how(SECOND)) === "按时");
    assert.match(await row(SECOND).innerText(), /有情况/);
  });

  await t.test("it is ended, and nobody is asked any more", async () => {
    await desk.id("zero-end").click();
    await desk.id("confirm-yes").click();
    await until("it is ended", async () => /提前结束/.test(await desk.id("zero-state").innerText()));
    assert.equal(await desk.id("zero-end").count(), 0, "it is not ended twice");
    await desk.synced();
    await phone.go("");
    await nudged("the phone is quiet", () => phone.wake(), async () => (await phone.id("zero-done").count()) === 0);
    assert.equal(await asked(phone).count(), 0);
    const [held] = await worker.list("zero_period");
    assert.equal(held.rejected, undefined);
    assert.equal(held.values.ended_by, "zhuren01");
  });
  town.noComplaints();
});
