// What cannot wait: numbers before the form, a red hazard that is told until somebody knows, and a household that nobody
// meets.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { isPush } from "./harness/proxy.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

test("call first, then the form; the grid worker is told and says so", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const reporter = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const chief = await Phone.open(await town.browser.device(PHONE), town.origin, "cun201");
  await reporter.offlineReady();
  // This browser has no telephone.
  await reporter.page.evaluate(() => {
    const hold = (event) => event.target.closest('a[href^="tel:"]') && event.preventDefault();
    document.addEventListener("click", hold, true);
  });
  await reporter.airplane(true);
  await town.network.cut();

  await reporter.go("");
  await reporter.id("home-emergency").click();
  const numbers = reporter.id("call-now");
  await numbers.first().waitFor();
  const hrefs = await numbers.evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  for (const number of ["tel:110", "tel:119", "tel:120"]) assert.ok(hrefs.includes(number), number);
  await inspect(reporter.page, "chain-emergency");
  await numbers.filter({ hasText: "120" }).click();
  await reporter.id("called-state").filter({ hasText: "120 急救" }).waitFor();
  await reporter.id("emergency-form").click();
  await reporter.id("field-desc").fill("崖下裂缝突然张开，底下住着两户");
  await reporter.id("call-first").filter({ hasText: "120 急救" }).waitFor();
  await inspect(reporter.page, "chain-form");
  await reporter.addPhotos("photo_before", [photo(41)]);
  await reporter.saveReport();
  const words = "崖下裂缝突然张开";
  const badge = () => reporter.page.locator("[data-testid=arrival-badge]").first().innerText();
  const red = reporter.id("banner-red");
  /** Nowhere does it look sent: not on 今天, on its own page or in the list. */
  const unsent = async () => {
    for (const go of [() => reporter.go(""), () => reporter.openRecord(words)]) {
      await go();
      await red.filter({ hasText: "未送达，请立即电话报告" }).waitFor();
    }
    assert.match(await badge(), /待同步/);
    assert.deepEqual((await reporter.records(words)).map(({ arrival }) => arrival), ["待同步"]);
  };
  await red.filter({ hasText: "未送达，请立即电话报告" }).waitFor();
  assert.doesNotMatch(await reporter.text(), /已送达/);
  await unsent();
  assert.equal(await chief.id("alarm-told").count(), 0);

  // On its way is not there yet.
  const push = town.network.hold(isPush);
  await town.network.up();
  await reporter.airplane(false);
  await nudged("it is on its way", () => reporter.wake(), async () => push.held > 0);
  await unsent();
  push.release();
  await reporter.synced();
  await reporter.openRecord(words);
  assert.match(await badge(), /已送达/);
  assert.equal(await red.count(), 0);
  await reporter.go("");
  await reporter.id("home-visit").waitFor();
  assert.equal(await red.count(), 0);
  await chief.go("");
  const told = chief.id("alarm-told");
  await nudged("the grid worker is told", () => chief.wake(), async () => (await told.count()) === 1);
  assert.match(await told.innerText(), /裂缝突然张开/);
  await inspect(chief.page, "chain-told");
  await chief.id("alarm-know").click();
  await told.waitFor({ state: "detached" });
  await chief.synced();

  await reporter.openRecord(words);
  const chain = reporter.id("chain-step");
  const knows = async () => (await chain.first().innerText()).includes("已知悉");
  await nudged("the reporter sees who knows", () => reporter.wake(), knows);
  assert.match(await chain.first().innerText(), /一级网格员/);
  assert.match(await reporter.text(), /120 急救/);
  await inspect(reporter.page, "chain-known");
  town.noComplaints();
});

test("three days without meeting anybody reach the grid worker, until somebody is met", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const walker = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const chief = await Phone.open(await town.browser.device(PHONE), town.origin, "cun201");
  await walker.go("households");
  const words = (await walker.id("household-row").first().locator(".row-title").innerText()).trim();
  const own = chief.id("unmet-row").filter({ hasText: words });
  const day = (back) => {
    const then = new Date(Date.now() + 8 * 3_600_000 - back * 86_400_000);
    return `${then.toISOString().slice(0, 10)}T09:00`;
  };
  for (const back of [3, 2, 1]) {
    assert.equal(await own.count(), 0);
    await walker.go("visit/new");
    await walker.pickHousehold({ words });
    await walker.id("field-visit_at").fill(day(back));
    await walker.id("field-met-not_met").click();
    await walker.id("field-not_met_reason-away").click();
    await walker.saveReport();
    await walker.synced();
  }
  await chief.go("");
  await nudged("the household reaches the grid worker", () => chief.wake(), async () => (await own.count()) === 1);
  assert.match(await own.innerText(), /3 天未遇/);
  await inspect(chief.page, "chain-unmet");
  await own.click();
  await chief.id("household-visit").waitFor();

  await walker.noChangeVisit({ words });
  await walker.synced();
  await chief.go("");
  await until("今天 is drawn", async () => (await chief.id("home-visit").count()) === 1);
  await nudged("it is gone by itself", () => chief.wake(), async () => (await own.count()) === 0);
  town.noComplaints();
});
