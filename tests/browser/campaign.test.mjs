// A month in which everybody goes out: households are given to people at the desk, stand on their phones, and the visits
// say how far it is.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { keep, inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const GRID = "510000100201001";

test("households are given to people in a campaign", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "cun201");
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const grid = desk.page.locator(`[data-testid=tasks-grid][data-code="${GRID}"]`);
  const task = desk.page.locator(`[data-testid=task-row][data-user=zhuli01][data-area="${GRID}"]`);
  let whole;

  await t.test("a grid leader shares a grid out", async () => {
    await desk.go("tasks");
    await grid.waitFor();
    await keep(desk.page, "desk-tasks-before");
    assert.equal(await desk.id("tasks-give").isDisabled(), true, "nothing is chosen yet");
    await grid.getByTestId("tasks-tick").check();
    await desk.id("tasks-give").click();
    // Both who work in this grid are proposed; the second one is on leave.
    const mine = desk.page.locator("[data-testid=share-line][data-user=zhuli01]");
    const other = desk.page.locator("[data-testid=share-line][data-user=wangge01]");
    await mine.waitFor();
    await other.waitFor();
    const half = Number((await mine.innerText()).match(/(\d+) 户/)[1]);
    await desk.page.locator("label.chip", { has: desk.id("share-person-wangge01") }).click();
    await until("all go to the first one", async () => (await other.count()) === 0);
    whole = Number((await mine.innerText()).match(/(\d+) 户/)[1]);
    assert.ok(whole > half && whole > 3, `${whole} households, ${half} before`);
    await keep(desk.page, "desk-tasks-share");
    await desk.id("share-save").click();
    await task.waitFor();
    await desk.synced();
    assert.equal(await grid.getByTestId("tasks-given").innerText(), String(whole));
    await inspect(desk.page, "desk-tasks");
  });

  await t.test("the phone lists them, and a visit counts", async () => {
    const card = phone.id("home-task");
    await phone.go("");
    await nudged("the task is on the phone", () => phone.wake(), async () => (await card.count()) > 0);
    assert.match(await card.innerText(), new RegExp(`0/${whole} 户`));
    await inspect(phone.page, "phone-task-home");
    await card.click();
    await until("all households are listed", async () => (await phone.id("task-row").count()) === whole);
    await inspect(phone.page, "phone-task");
    await phone.id("task-row").first().click();
    await phone.id("household-visit").click();
    await phone.id("field-met-head").click();
    await phone.id("form-next").click();
    await phone.id("no-change").click();
    await phone.id("field-well_being-good").click();
    await phone.id("six-ok").click();
    await phone.saveReport();
    await phone.go("");
    await card.filter({ hasText: `1/${whole} 户` }).waitFor();
    await card.click();
    await until("one is done", async () => (await phone.page.locator('[data-testid=task-row][data-done="true"]').count()) === 1);
    await phone.synced();
  });

  await t.test("the desk sees it, and takes the rest back", async () => {
    const done = task.getByTestId("task-done");
    await nudged("the visit counts at the desk", () => desk.wake(), async () => (await done.innerText()).includes(`1/${whole}`));
    await grid.getByTestId("tasks-tick").check();
    await desk.id("tasks-give").click();
    await desk.id("share-save").waitFor();
    assert.equal(await desk.id("share-line").count(), 0, "what is given is not given twice");
    await desk.page.keyboard.press("Escape");
    await task.getByTestId("task-cancel").click();
    await desk.id("confirm-yes").click();
    await until("it is gone from the list", async () => (await task.count()) === 0);
    await desk.synced();
    const card = phone.id("home-task");
    await phone.go("");
    await nudged("it is gone from the phone", () => phone.wake(), async () => (await card.count()) === 0);
  });
  town.noComplaints();
});
