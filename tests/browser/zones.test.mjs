// Villages in zones, grids of other kinds: made at the desk, known to filters and cards; who leads a zone sees its villages.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { inspect, keep } from "./harness/look.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const VILLAGE = "510000100201";
const ZONE = "510000100P01";
const LEAD = "huifang01";

test("zones and other grids", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  const { page } = desk;
  const zone = page.locator(`[data-testid=zone-row][data-code="${ZONE}"]`);

  await t.test("a village is put into a zone with a lead", async () => {
    await desk.go("areas");
    await desk.id("zone-new").click();
    await desk.id("zone-name").fill("河东片");
    await desk.id("zone-village").first().check();
    await desk.id("zone-who").selectOption(LEAD);
    await keep(page, "desk-zone");
    await desk.id("zone-save").click();
    // It closes when the account of whoever leads is changed at the server, too; the row is there before.
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    await zone.waitFor();
    await until("the zone names its village", async () => (await zone.getByTestId("zone-villages").innerText()).includes("柳溪村"));
    await desk.synced();
  });

  await t.test("the roles of the lead are those of the villages", async () => {
    await desk.go("staff");
    const row = page.locator(`[data-testid=staff-row][data-user="${LEAD}"]`);
    await row.waitFor();
    const words = await row.innerText();
    assert.match(words, /片长 · 河东片/);
    assert.match(words, /片长 · 柳溪村/);
  });

  await t.test("a zone is a place to look in", async () => {
    await desk.go("households");
    const count = async () => Number((await desk.id("household-count").innerText()).match(/\d+/)[0]);
    const all = await count();
    await desk.id("household-village").selectOption(VILLAGE);
    const village = await until("the village is shown", async () => (await count()) < all && (await count()));
    await desk.id("household-village").selectOption(ZONE);
    await until("the zone shows as many", async () => (await count()) === village);
    await desk.go("areas");
    await zone.getByTestId("zone-card").click();
    await desk.id("area-card").filter({ hasText: "河东片" }).waitFor();
    await page.keyboard.press("Escape");
  });

  await t.test("an online grid is a chat group", async () => {
    await desk.id("areas-village").selectOption(VILLAGE);
    await desk.id("areas-new").click();
    await desk.id("area-kind").selectOption("online");
    await desk.id("field-name").fill("柳溪返乡群网格");
    await desk.id("area-save").click();
    await page.locator("dialog[open] .problems", { hasText: "群名" }).waitFor();
    await desk.id("field-chat_name").fill("柳溪返乡群");
    await desk.id("field-chat_owner").fill("冯小寒");
    await desk.id("field-chat_members").fill("86");
    await keep(page, "desk-grid-online");
    await desk.id("area-save").click();
    const row = page.locator(`[data-testid=areas-row][data-code="${VILLAGE}900"]`);
    await row.waitFor();
    await row.getByTestId("areas-card").click();
    assert.equal(await desk.id("area-chat_name").innerText(), "柳溪返乡群");
    assert.match(await desk.id("area-chat_members").innerText(), /86/);
    await keep(page, "desk-grid-card");
    await page.keyboard.press("Escape");
    await inspect(page, "desk-zones");
    await desk.synced();
  });
  town.noComplaints();
});
