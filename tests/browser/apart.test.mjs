// What must not stand openly goes another way; what mediators look up; who is on duty; what a role is called here.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
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

  await t.test("a quick report about an official becomes one in confidence before it is saved", async () => {
    const words = "组长收了修路的钱不公示";
    await phone.go("dispute/new");
    await phone.id("field-facts").fill(words);
    await phone.id("apart").locator("summary").click();
    await inspect(phone.page, "phone-apart");
    await phone.id("go-apart").first().click();
    await phone.page.waitForURL(/#\/confidential\/new/);
    await until("the words went along", () => says(phone.page, words));
    await inspect(phone.page, "phone-apart-taken");
    await phone.go("records");
    await phone.id("tab-home").waitFor();
    assert.equal((await phone.text()).includes(words), false, "no open draft is left");
  });

  await t.test("what was saved openly goes out of sight, and its words into a draft in confidence", async () => {
    const words = "干部家里先拿到了补贴";
    await phone.airplane(true);
    await phone.dispute({ facts: words, place: "二组" });
    await phone.airplane(false);
    await phone.synced();
    await phone.go("records");
    await phone.id("record-row").first().click();
    await phone.page.getByText(words).first().waitFor();
    await phone.id("apart").locator("summary").click();
    await phone.id("go-apart").first().click();
    await phone.page.waitForURL(/#\/confidential\/new/);
    await until("the words went along", () => says(phone.page, words));
    await phone.synced();
    await phone.go("records");
    await phone.id("tab-home").waitFor();
    assert.equal((await phone.text()).includes(words), false);
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
    await keep(desk.page, "desk-role");
    await desk.id("role-save").click();
    await desk.id("role-row").filter({ hasText: "柳溪议事员" }).filter({ hasText: "本镇设的" }).waitFor();
    await desk.synced();
    await inspect(desk.page, "desk-roles");
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
  });
});
