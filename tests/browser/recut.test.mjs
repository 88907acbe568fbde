// Grids are cut anew at the desk, two into one and one into two: what would move is told before, the records, the roles and
// the visits that were given out follow, and the figures are told both ways.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
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
    assert.equal(await desk.page.locator("dialog[open] .banner-warn .icon").count(), 1, "a warning like any other");
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

test("a grid is split", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const [NORTH, SOUTH] = ["510000100201017", "510000100201018"];
  // All households of the grid were given to one of the two who work there.
  const chief = await Account.signIn(town.server.origin, "cun201");
  const given = (await chief.list("household", ({ area }) => area === LEFT)).map(({ id }) => id);
  const day = (more) => new Date(Date.now() + (8 + 24 * more) * 3_600_000).toISOString().slice(0, 10);
  await chief.create({
    type: "visit_task",
    place: { area: LEFT, users_add: ["zhuli01"] },
    set: { campaign: "", label: "大走访", from: day(0), due: day(20), user: "zhuli01", households: given },
  });
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  const open = async (user) => Phone.open(await town.browser.device(PHONE), town.origin, user);
  const [first, second] = [await open("zhuli01"), await open("wangge01")];
  const row = (code) => desk.page.locator(`[data-testid=areas-row][data-code="${code}"]`);
  const homes = async (code) => Number(await row(code).getByTestId("areas-homes").innerText());
  const line = (name) => desk.id("areas-line").filter({ hasText: name });
  const told = async (name) => Number((await line(name).innerText()).match(/：(\d+) 户/)[1]);
  let north, south, whole;

  await t.test("who goes where is said for households, cases and people", async () => {
    await desk.go("areas");
    await desk.id("areas-village").selectOption("510000100201");
    await row(LEFT).waitFor();
    whole = await homes(LEFT);
    // The card of the grid says who works there and how much there is.
    await row(LEFT).getByTestId("areas-card").click();
    await desk.id("area-card").waitFor();
    await until("its people are told", async () => (await desk.id("area-staff").count()) >= 2);
    assert.equal(await desk.id("area-figure").first().innerText(), String(whole));
    await inspect(desk.page, "desk-area-card");
    await desk.page.keyboard.press("Escape");
    await desk.id("area-card").waitFor({ state: "detached" });
    assert.equal(await desk.id("areas-split").isDisabled(), true, "nothing is chosen yet");
    await row(LEFT).getByTestId("areas-tick").check();
    await desk.id("areas-split").click();
    await desk.id("areas-name-0").fill("柳溪村北网格");
    await desk.id("areas-name-1").fill("柳溪村南网格");
    await line("柳溪村北网格").waitFor();
    await until("half is proposed", async () => (await told("柳溪村北网格")) === Math.ceil(whole / 2));
    // One household is on the other side of the brook.
    await desk.id("areas-home").first().getByTestId("areas-to").selectOption(SOUTH);
    await until("it is counted there", async () => (await told("柳溪村南网格")) === Math.floor(whole / 2) + 1);
    [north, south] = [await told("柳溪村北网格"), await told("柳溪村南网格")];
    assert.equal(north + south, whole);
    const cases = desk.id("areas-case");
    for (let n = await cases.count(); n > 0; n = await cases.count()) {
      await cases.first().getByTestId("areas-to").selectOption(NORTH);
      await until("the case is placed", async () => (await cases.count()) < n);
    }
    const holder = (user) => desk.page.locator(`[data-testid=areas-holder][data-user=${user}]`).getByTestId("areas-holds");
    await holder("zhuli01").waitFor();
    assert.deepEqual(
      new Set([await holder("zhuli01").inputValue(), await holder("wangge01").inputValue()]),
      new Set([NORTH, SOUTH]),
      "one each is proposed",
    );
    await holder("zhuli01").selectOption(NORTH);
    await holder("wangge01").selectOption(SOUTH);
    await until("nothing stands against it", async () => (await desk.id("areas-problems").innerText()) === "");
    await inspect(desk.page, "desk-areas-split");
    await desk.id("areas-save").click();
    await row(SOUTH).waitFor();
    assert.equal(await row(LEFT).count(), 0, "it has ended");
  });

  await t.test("each ends with what they hold, and no more", async () => {
    await desk.id("areas-move").click();
    await until("all of it has moved", async () => (await desk.id("areas-move").count()) === 0);
    assert.deepEqual([await homes(NORTH), await homes(SOUTH)], [north, south]);
    await desk.synced();
    for (const [phone, count] of [[first, north], [second, south]]) {
      await nudged(`${count} households are on the phone`, () => phone.wake(), async () => {
        await phone.go("households");
        return (await phone.id("results-line").innerText()) === `${count} 户`;
      });
    }
  });

  await t.test("the visits that were given out go with the households, none lost and none twice", async () => {
    await desk.go("tasks");
    await desk.id("tasks-village").selectOption("510000100201");
    for (const [user, code, count] of [["zhuli01", NORTH, north], ["wangge01", SOUTH, south]]) {
      const grid = desk.page.locator(`[data-testid=tasks-grid][data-code="${code}"]`);
      assert.equal(await grid.getByTestId("tasks-given").innerText(), String(count));
      const mine = desk.page.locator(`[data-testid=task-row][data-user=${user}]`);
      assert.match(await mine.getByTestId("task-done").innerText(), new RegExp(`0/${count}`));
    }
    await inspect(desk.page, "desk-tasks-after-split");
    for (const [phone, count] of [[first, north], [second, south]]) {
      await phone.go("");
      await nudged("the own part is on the phone", () => phone.wake(), async () =>
        (await phone.id("home-task").allInnerTexts()).some((text) => text.includes(`0/${count} 户`)),
      );
    }
  });

  await t.test("the figures are told both ways", async () => {
    await desk.go("books/areas");
    await desk.id("books-note").filter({ hasText: "合计相同" }).waitFor();
    const rows = await desk.id("books-row").evaluateAll((all) => all.map((one) => [...one.cells].map((cell) => cell.innerText)));
    const total = (word) => rows.find(([name]) => name === `${word}：合计`);
    assert.equal(total("原")[1], String(whole));
    assert.deepEqual(total("原").slice(1), total("新").slice(1));
  });
  town.noComplaints();
});
