// A new version comes while people write: it waits, says so, and takes nothing from anybody.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Bundles } from "./harness/bundle.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const WORDS = "更新时正在写的一条：水渠边坡垮了一段";

/** Counts how often the page is loaded from now on. */
function loads(page) {
  const count = { all: 0 };
  page.on("load", () => {
    count.all += 1;
  });
  return count;
}

/** Versions of the app that the phone keeps. */
const kept = (page) => page.evaluate(() => caches.keys());

/** The phone is taken up again after two hours, by its own clock. */
async function takeUpLater(page) {
  await page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 2 * 3600 * 1000;
    document.dispatchEvent(new Event("visibilitychange"));
    Date.now = now;
  });
}

test("a new version waits until somebody takes it", async (t) => {
  const bundles = await Bundles.copy();
  t.after(() => bundles.remove());
  const town = await Township.open({ dist: bundles.folder });
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const phone = await Phone.open(context, town.origin, "zhuli01");
  await phone.offlineReady();
  const second = await Phone.resume(context, town.origin);
  const update = phone.id("update-now");
  const counts = [loads(phone.page), loads(second.page)];
  const [before] = await kept(phone.page);

  await phone.go("me");
  assert.equal(await update.count(), 0, "no update is offered while there is none");
  await phone.beginHazard({ desc: WORDS });
  const version = await bundles.release("offline.html", (text) => text.replace("现在没有网络", "现在没有网络了"));
  await takeUpLater(phone.page);
  await until("the new version waits", () =>
    phone.page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).waiting?.state === "installed"),
  );

  // Nothing happens to what is being written.
  assert.equal(await phone.id("field-desc").inputValue(), WORDS);
  await phone.id("field-desc").fill(`${WORDS}，约三米`);
  await phone.go("me");
  await update.waitFor();
  assert.match(await phone.text(), /有新版本/);
  await inspect(phone.page, "phone-update");
  assert.deepEqual(counts.map(({ all }) => all), [0, 0], "no page was loaded anew by itself");
  assert.ok((await kept(phone.page)).includes(before), "the version before is at work");

  // Typed, and at once taken: not a letter is lost.
  await phone.openDraft("更新时正在写的");
  await phone.id("field-desc").fill(`${WORDS}，约五米`);
  await phone.go("me");
  await Promise.all([phone.page.waitForEvent("load"), update.click()]);
  await phone.id("lamp").waitFor();
  await until("only the new version is kept", async () => (await kept(phone.page)).join() === `gridbook-${version}`);
  assert.equal(await phone.page.evaluate(() => navigator.serviceWorker.controller.state), "activated");
  await phone.go("me");
  assert.equal(await update.count(), 0);
  await phone.openDraft("更新时正在写的");
  assert.equal(await phone.id("field-desc").inputValue(), `${WORDS}，约五米`);
  await phone.saveReport();
  await phone.synced();

  // The other page was left alone, and is told.
  assert.deepEqual(counts.map(({ all }) => all), [1, 0]);
  await second.go("me");
  await Promise.all([second.page.waitForEvent("load"), second.id("update-now").click()]);
  await second.id("lamp").waitFor();

  // What the new version brought is there without a network.
  await town.network.cut();
  await second.page.goto(`${town.origin}/nowhere`);
  assert.match(await second.text(), /现在没有网络了/);
  town.noComplaints();
});
