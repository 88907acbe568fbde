// What the phone offers beyond a keyboard: its home screen, its place, its microphone. Each may be refused.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { sound } from "./harness/sound.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const ANDROID = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";
const GUIDES = {
  chrome: [ANDROID, "安装应用"],
  wechat: [`${ANDROID} MicroMessenger/8.0.50`, "在浏览器打开"],
  huawei: [`${ANDROID} HuaweiBrowser/14.0.5`, "添加到桌面"],
  apple: ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1", "添加到主屏幕"],
};

/** The browser offers to install the app, as Chrome does; it can be asked once for each offer. */
async function offerInstall(page) {
  return page.evaluate(() => {
    const offer = new Event("beforeinstallprompt", { cancelable: true });
    offer.prompt = () => {
      window.asked = (window.asked ?? 0) + 1;
      return Promise.resolve({ outcome: "dismissed" });
    };
    window.dispatchEvent(offer);
    return offer.defaultPrevented;
  });
}

/** A recording can be heard: its bytes are here and the page may play them. */
async function audible(where) {
  const player = where.locator("audio");
  await player.waitFor();
  await until("the recording can be played", () => player.evaluate((audio) => audio.readyState > 0 && audio.duration > 0.4));
}

test("home screen, place and recordings", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const phone = await Phone.open(context, town.origin, "zhuli01");
  const { page } = phone;
  const township = await Account.signIn(town.server.origin, "zhuren01");
  const saved = async (desc) => {
    await phone.synced();
    const [record] = await township.list("hazard", ({ values }) => values.desc === desc);
    assert.ok(record, `${desc} is at the server`);
    return record;
  };

  await t.test("back closes what lies over the page, also in a browser without close watchers", async () => {
    const older = await town.browser.device(PHONE);
    await older.addInitScript(() => {
      delete window.CloseWatcher;
    });
    const held = await Phone.open(older, town.origin, "zhuli01");
    const back = () => held.page.evaluate(() => window.history.back());
    const closed = () =>
      until("the dialog has closed", async () => (await held.page.locator("dialog[open]").count()) === 0);
    await held.go("visit/new");
    await held.id("field-household").click();
    await held.id("pick-household").first().waitFor();
    await back();
    await closed();
    assert.match(held.page.url(), /#\/visit\/new/, "the page is still there");
    await held.id("field-met-head").waitFor();
    // Closed by its own button: what lay in the way of back goes with it.
    await held.id("field-household").click();
    await held.page.locator("dialog[open]").getByTestId("dialog-close").click();
    await closed();
    await back();
    await held.id("tab-home").waitFor();
    await until("home is shown", async () => !held.page.url().includes("visit/new"));
    // A save leaves the whole form behind, with every dialog that was open in it.
    await held.noChangeVisit({ nth: 0 });
    await back();
    await until("no form comes back", async () => !/saved|visit/.test(held.page.url()));
    await older.close();
  });

  await t.test("the guide to the home screen fits the browser at hand", async () => {
    const session = await context.newCDPSession(page);
    for (const [name, [userAgent, words]] of Object.entries(GUIDES)) {
      await session.send("Emulation.setUserAgentOverride", { userAgent });
      await phone.go("me");
      await phone.id("me-install").click();
      const guide = page.locator(".install");
      await guide.waitFor();
      assert.ok((await guide.innerText()).includes(words), `${name}: ${await guide.innerText()}`);
      assert.equal(await phone.id("install-now").count(), 0, "no button where the browser offers nothing");
      await inspect(page, `phone-install-${name}`);
    }
    await session.send("Emulation.setUserAgentOverride", { userAgent: ANDROID });
  });

  await t.test("where the browser offers it, one tap asks the browser", async () => {
    const button = phone.id("install-now");
    assert.ok(await offerInstall(page), "the browser's own bar is kept back");
    await button.waitFor();
    await inspect(page, "phone-install-offer");
    await button.click();
    assert.equal(await page.evaluate(() => window.asked), 1);
    // An offer can be taken once; the next one brings the button back, and being installed ends it.
    await button.waitFor({ state: "detached" });
    await offerInstall(page);
    await button.waitFor();
    await page.evaluate(() => window.dispatchEvent(new Event("appinstalled")));
    await button.waitFor({ state: "detached" });
  });

  const geo = page.locator('[data-path="geo"]');

  await t.test("the place, with its accuracy, goes into the record", async () => {
    await context.grantPermissions(["geolocation"], { origin: town.origin });
    await context.setGeolocation({ latitude: 30.1234564, longitude: 104.6543216, accuracy: 12.4 });
    await phone.beginHazard({ desc: "带定位的一条" });
    assert.match(await geo.innerText(), /没有定位也能提交/);
    await phone.id("field-geo").click();
    await geo.filter({ hasText: "30.12346, 104.65432 · 误差约 12 米" }).waitFor();
    await inspect(page, "phone-geo");
    await phone.saveReport();
    const { values } = await saved("带定位的一条");
    assert.deepEqual(values.geo, { lat: 30.123456, lon: 104.654322, acc: 12 });
    await phone.openRecord("带定位的一条");
    assert.match(await phone.text(), /误差约 12 米/);
  });

  await t.test("a place that was refused is told, and the report goes without", async () => {
    await context.clearPermissions();
    await context.grantPermissions([], { origin: town.origin });
    await phone.beginHazard({ desc: "没有定位的一条" });
    await phone.id("field-geo").click();
    await geo.filter({ hasText: "手机没有允许定位。写清地点就行，不影响提交。" }).waitFor();
    await inspect(page, "phone-geo-refused");
    await phone.saveReport();
    assert.equal((await saved("没有定位的一条")).values.geo, undefined);
  });

  await t.test("a recording arrives and is heard on the phone and at the desk", async () => {
    await phone.go("hazard/new?category=cut_slope&subtype=cut_slope.1");
    await phone.id("field-desc").fill("带录音的一条");
    await phone.id("field-level-blue").click();
    await phone.id("form-next").click();
    await phone.id("form-next").click();
    const field = phone.id("field-audio");
    await phone.id("field-audio-input").setInputFiles(sound(1));
    await field.locator("li.photo").waitFor();
    await field.scrollIntoViewIfNeeded();
    await inspect(page, "phone-recording");
    await phone.saveReport();
    const { blobs } = await saved("带录音的一条");
    assert.deepEqual(blobs.map(({ mime, role }) => [mime, role]), [["audio/wav", "audio"]]);
    assert.ok(await township.hasPhoto(blobs[0].sha256));
    await phone.openRecord("带录音的一条");
    await inspect(page, "phone-record-recording");
    await phone.id("photo").click();
    await audible(page.locator("dialog[open]"));

    const desk = await Desk.open(await town.browser.device(DESK), town.origin, "dengji01");
    await desk.find("带录音的一条");
    await audible(desk.id("recordings"));
    await desk.id("recordings").scrollIntoViewIfNeeded();
    await inspect(desk.page, "desk-recording");
  });
  town.noComplaints();
});
