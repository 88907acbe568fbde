// A micro-grid is made at the desk and set up on a phone without a network: its households are ticked, it is drawn, the way
// to its farthest household is estimated and then walked; the desk shows the steps, the minutes and what is missing.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const VILLAGE = "510000100201";
const GRID = `${VILLAGE}001`;
const [FIRST, SECOND] = [`${GRID}01`, `${GRID}02`];
/** A household 1,113 metres north of the duty point: 21 minutes by the rule. */
const FAR = "石小满";
const DUTY = { latitude: 30, longitude: 104, accuracy: 5 };

test("a micro-grid is set up", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const worker = await Account.signIn(town.server.origin, "wangge01");
  const far = await worker.create({
    type: "household",
    form: "F-HOUSEHOLD/1",
    place: { area: GRID },
    set: { address_text: "柳溪村1组崖上", head: FAR, residence_type: "permanent", geo: { lat: 30.01, lon: 104, acc: 8 } },
  });
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  const device = await town.browser.device(PHONE);
  await device.grantPermissions(["geolocation"], { origin: town.origin });
  await device.setGeolocation(DUTY);
  const phone = await Phone.open(device, town.origin, "wangge01");
  const card = (code) => phone.page.locator(`[data-testid="micro"][data-code="${code}"]`);
  const words = async (code) => (await card(code).getByTestId("micro-words").innerText()).trim();
  const homes = phone.id("micro-home");
  const others = homes.filter({ hasNotText: FAR });
  const count = async () => (await phone.id("micro-count").innerText()).trim();
  /** Ticks a household and waits until that is kept. */
  const tick = async (home, wanted) => {
    await home.click();
    await until("the tick is kept", async () => (await count()).startsWith(wanted));
  };
  const row = (code) => desk.page.locator(`[data-testid="micro-row"][data-code="${code}"]`);

  await t.test("the desk makes two micro-grids of a grid", async () => {
    await desk.go("areas");
    await desk.id("areas-village").selectOption(VILLAGE);
    await desk.page.locator(`[data-testid=areas-row][data-code="${GRID}"]`).getByTestId("areas-card").click();
    for (const [place, name] of ["东院子", "西院子"].entries()) {
      await desk.id("area-new-micro").click();
      await desk.id("field-name").fill(name);
      await desk.id("area-save").click();
      await until(`${name} is listed`, async () => (await desk.id("area-below").count()) === place + 1);
    }
    await desk.page.keyboard.press("Escape");
    await row(SECOND).waitFor();
    assert.equal((await row(FIRST).innerText()).match(/没做/g).length, 3);
    await desk.synced();
  });

  await t.test("the phone lists them, and ticks are kept without a network", async () => {
    await phone.go("items");
    await phone.id("micro-grids").click();
    await nudged("both are on the phone", () => phone.wake(), async () => (await phone.id("micro").count()) === 2);
    assert.match(await words(FIRST), /^0 户，0 人。走到最远一户：还不知道/);
    await phone.offlineReady();
    await phone.airplane(true);
    await card(FIRST).getByTestId("micro-walk").click();
    await phone.id("micro-walked").click();
    await phone.page.getByText("还没有勾选户").waitFor();
    await tick(homes.filter({ hasText: FAR }), "已勾 1 户，1 人");
    await tick(others.nth(0), "已勾 2 户");
    await tick(others.nth(1), "已勾 3 户");
    await inspect(phone.page, "phone-micro-walk");
    await phone.id("micro-walked").click();
    await card(FIRST).getByTestId("micro-walk").filter({ hasText: "已做" }).waitFor();
  });

  await t.test("a household is in one micro-grid at a time", async () => {
    await card(SECOND).getByTestId("micro-walk").click();
    const taken = others.nth(1);
    await taken.filter({ hasText: "现在属于" }).waitFor();
    assert.match(await taken.innerText(), /现在属于.*东院子/);
    await tick(taken, "已勾 1 户");
    assert.doesNotMatch(await taken.innerText(), /现在属于/);
    await phone.go("micro");
    await until("it left the other one", async () => (await words(FIRST)).startsWith("2 户"));
    assert.match(await card(SECOND).getByTestId("micro-walk").innerText(), /没做/, "ticked, not finished");
  });

  await t.test("drawn with the duty point read, the minutes are estimated", async () => {
    await card(FIRST).getByTestId("micro-sketch").click();
    assert.equal(await phone.id("field-area").inputValue(), FIRST);
    await phone.id("field-geo").click();
    await phone.page.getByText("30.00000, 104.00000").waitFor();
    await phone.addPhotos("photos", [photo(61)]);
    await phone.saveReport();
    await phone.id("saved-micro").click();
    await card(FIRST).getByTestId("micro-sketch").filter({ hasText: "已做" }).waitFor();
    assert.match(await words(FIRST), /约 21 分钟（估算）/);
    assert.match(await card(FIRST).innerText(), /超过 15 分钟/);
    await inspect(phone.page, "phone-micro");
  });

  await t.test("the rehearsal says how many minutes it takes", async () => {
    await card(FIRST).getByTestId("micro-drill").click();
    await phone.id("form-next").click();
    await phone.id("field-from").fill("东院子晒坝");
    await phone.id("field-farthest").click();
    await phone.id("pick-search").fill(FAR);
    await phone.id("pick-household").first().click();
    // Nothing can be typed behind a dialog, not even in the frame in which it goes.
    await phone.page.locator("dialog[open]").waitFor({ state: "detached" });
    await phone.id("field-minutes").fill("12");
    await phone.id("field-took_part").fill("网格员和三户的人");
    await phone.saveReport();
    await phone.id("saved-micro").click();
    await card(FIRST).getByTestId("micro-drill").filter({ hasText: "已做" }).waitFor();
    assert.match(await words(FIRST), /12 分钟（演练）/);
    assert.doesNotMatch(await card(FIRST).innerText(), /超过/);
  });

  await t.test("the desk shows it, and what the other one lacks", async () => {
    await phone.airplane(false);
    await phone.wake();
    await phone.synced();
    await nudged("the rehearsal is at the desk", () => desk.wake(), async () => {
      return (await row(FIRST).getByTestId("micro-way").innerText()) === "12 分钟（演练）";
    });
    assert.doesNotMatch(await row(FIRST).innerText(), /没做|超过/);
    assert.equal(await row(FIRST).getByTestId("micro-homes").innerText(), "2");
    assert.equal(await row(SECOND).getByTestId("micro-homes").innerText(), "1");
    await inspect(desk.page, "desk-micro");
    await desk.id("micro-unfinished").check();
    await row(FIRST).waitFor({ state: "detached" });
    await row(SECOND).getByRole("button").click();
    await desk.id("micro-step").first().waitFor();
    assert.equal((await desk.id("micro-step").allInnerTexts()).filter((step) => step.trim() === "没做").length, 3);
    await desk.page.keyboard.press("Escape");
  });

  await t.test("the server took all of it", async () => {
    const steps = await worker.list("entry", ({ values }) => values.area === FIRST);
    assert.deepEqual(steps.map(({ values }) => values.part).sort(), ["drill", "sketch", "walk"]);
    assert.deepEqual(steps.map(({ area, rejected }) => [area, rejected]), steps.map(() => [FIRST, undefined]));
    const [home] = await worker.list("household", ({ id }) => id === far);
    assert.deepEqual([home.area, home.rejected], [FIRST, undefined]);
  });
  town.noComplaints();
});
