// Two grids become one at the desk: what would move is told before, the records and the roles follow, and the figures are
// told both ways.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { inspect, keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const [LEFT, RIGHT] = ["510000100201001", "510000100201002"];
const JOINED = "510000100201017";
const NAME = "柳溪村河东网格";

test("grids are cut anew", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const row = (code) => desk.page.locator(`[data-testid=areas-row][data-code="${code}"]`);
  const homes = async (code) => Number(await row(code).getByTestId("areas-homes").innerText());
  let both;

  await t.test("two grids are merged, and what follows is told", async () => {
    await desk.go("areas");
    await desk.id("areas-village").selectOption("510000100201");
    await row(LEFT).waitFor();
    both = (await homes(LEFT)) + (await homes(RIGHT));
    assert.equal(await desk.id("areas-merge").isDisabled(), true);
    await row(LEFT).getByTestId("areas-tick").check();
    assert.equal(await desk.id("areas-merge").isDisabled(), true, "one alone cannot be merged");
    await row(RIGHT).getByTestId("areas-tick").check();
    await desk.id("areas-merge").click();
    await desk.id("areas-problems").filter({ hasText: "名称" }).waitFor();
    await desk.id("areas-name-0").fill(NAME);
    await desk.id("areas-line").filter({ hasText: `${NAME}：${both} 户` }).waitFor();
    await desk.id("areas-note").filter({ hasText: "超过标准" }).first().waitFor();
    await until("nothing stands against it", async () => (await desk.id("areas-problems").innerText()) === "");
    await keep(desk.page, "desk-areas-merge");
    await desk.id("areas-save").click();
    await row(JOINED).waitFor();
    assert.equal(await row(LEFT).count(), 0, "it has ended");
  });

  await t.test("records and roles follow", async () => {
    await desk.id("areas-move").click();
    await until("all of it has moved", async () => (await desk.id("areas-move").count()) === 0);
    assert.equal(await homes(JOINED), both);
    await desk.synced();
    await inspect(desk.page, "desk-areas");
    // The worker of the left grid has the households of both now.
    await nudged("the phone has the new grid", () => phone.wake(), async () => {
      await phone.go("households");
      return (await phone.id("results-line").innerText()) === `${both} 户`;
    });
  });

  await t.test("the figures are told both ways", async () => {
    await desk.go("books/areas");
    await desk.id("books-note").filter({ hasText: "合计相同" }).waitFor();
    const rows = await desk.id("books-row").evaluateAll((all) => all.map((one) => [...one.cells].map((cell) => cell.innerText)));
    const total = (word) => rows.find(([name]) => name === `${word}：合计`);
    assert.equal(total("原")[1], String(both));
    assert.deepEqual(total("原").slice(1), total("新").slice(1));
    await keep(desk.page, "desk-books-areas");
  });
  town.noComplaints();
});
