// A person chooses where records go: a WebDAV share or a CouchDB database through the server's relay, nowhere, and back
// to the server.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Couch } from "./harness/couch.mjs";
import { ACCOUNT, Dav } from "./harness/dav.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

async function choose(phone, kind) {
  await phone.go("me/backend");
  await phone.id("backend-now").waitFor();
  await phone.id(`backend-${kind}`).check({ force: true });
}

/** Changes over; done when the page names the new one. */
async function take(phone, words) {
  await phone.id("backend-take").click();
  await phone.id("confirm-yes").click();
  await phone.id("backend-now").filter({ hasText: words }).waitFor();
}

/** Moves to the share, as a person does who mistypes the password first. */
async function moveToShare(phone, { everything = false } = {}) {
  await choose(phone, "webdav");
  await phone.id("backend-relay").selectOption("village");
  await phone.id("backend-user").fill(ACCOUNT.user);
  await phone.id("backend-password").fill("wrong");
  await phone.id("backend-test").click();
  await phone.id("backend-verdict").filter({ hasText: "账号或密码不对" }).waitFor();
  assert.ok(await phone.id("backend-take").isDisabled());
  await phone.id("backend-password").fill(ACCOUNT.password);
  await phone.id("backend-test").click();
  await phone.id("backend-verdict").filter({ hasText: "可以用" }).waitFor();
  if (everything) await phone.id("backend-everything").locator("..").click();
  await inspect(phone.page, everything ? "backend-share-all" : "backend-share");
  await take(phone, "经服务器中转：village");
  await phone.synced();
}

test("two phones of different grids share a WebDAV folder, and one goes back to the server with all it wrote", async (t) => {
  const dav = await Dav.start();
  t.after(() => dav.stop());
  const town = await Township.open({ more: ["--share", `village=${dav.origin}`] });
  t.after(() => town.close());
  const one = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const two = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli02");
  await one.hazard({ desc: "搬家之前的一条", photos: [photo(1)] });
  await one.synced();
  const township = await Account.signIn(town.server.origin, "zhuren01");
  /** The photos of the record with these words, as the server names them. */
  const pictures = async (words) => {
    const records = await township.list("hazard");
    return records.filter((record) => record.values.desc?.includes(words)).flatMap((record) => record.blobs);
  };
  const arrived = (words) =>
    until(`the photo of “${words}” is at the server`, async () => {
      const photos = await pictures(words);
      return photos.length === 1 && (await township.hasPhoto(photos[0].sha256));
    });
  await arrived("搬家之前的一条");

  await moveToShare(one, { everything: true });
  await until("the old photo moves along", async () => (await dav.list("blobs")).length === 1);
  assert.equal((await dav.list("heads")).length, 1, "one log of one device");
  await one.hazard({ desc: "只在共享文件夹里：路边石块松动", photos: [photo(3)] });
  await one.synced();
  await until("the photo is in the share", async () => (await dav.list("blobs")).length === 2);

  await moveToShare(two);
  for (const words of ["搬家之前的一条", "路边石块松动"]) {
    await until(`the other grid's phone has “${words}”`, async () => (await two.stored()).includes(words));
  }
  await two.hazard({ desc: "二组补的一条", photos: [photo(5)] });
  await two.synced();
  await until("and hers", async () => (await dav.list("blobs")).length === 3);
  await one.go("me");
  await one.id("sync-now").click();
  await until("the first phone has it", async () => (await one.stored()).includes("二组补的一条"));

  // The server has heard nothing of all this; then one phone comes back.
  const before = await (await Account.signIn(town.server.origin, "zhuli01")).list("hazard");
  assert.equal(before.filter((record) => /共享文件夹|二组补/.test(record.values.desc ?? "")).length, 0);
  await choose(one, "server");
  await take(one, "镇里的服务器");
  const moved = await one.id("backend-moved").innerText();
  assert.match(moved, /新收下 \d+ 条/);
  await one.synced();
  // With everything: her picture, too, which this phone had never shown.
  for (const words of ["搬家之前的一条", "路边石块松动", "二组补的一条"]) await arrived(words);
  const after = await township.list("hazard");
  const named = (words) => after.filter((record) => record.values.desc?.includes(words));
  assert.equal(named("搬家之前的一条").length, 1, "nothing twice");
  assert.equal(named("路边石块松动").length, 1);
  assert.equal(named("二组补的一条").length, 1, "her phone signed it, so it may come by another one");
  assert.equal(named("二组补的一条")[0].user, "zhuli02");
  await until("what is another grid's leaves the phone", async () => !(await one.stored()).includes("二组补的一条"));
  town.noComplaints();
});

test("two phones share a CouchDB database, photos too, and the one that comes later reads it from its beginning", async (t) => {
  const couch = await Couch.start();
  t.after(() => couch.stop());
  const town = await Township.open({ more: ["--share", `village=${couch.address}`] });
  t.after(() => town.close());
  const one = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const two = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli02");
  const move = async (phone) => {
    await choose(phone, "couchdb");
    await phone.id("backend-relay").selectOption("village");
    await phone.id("backend-test").click();
    await phone.id("backend-verdict").filter({ hasText: "可以用" }).waitFor();
    await take(phone, "经服务器中转：village");
    await phone.synced();
  };
  await move(one);
  await inspect(one.page, "backend-couch");
  await one.hazard({ desc: "记在数据库里：塘坝漏水", photos: [photo(3)] });
  await one.synced();
  assert.equal((await couch.list("w-")).length, 1, "one log of one device");
  assert.ok((await couch.list("s-")).length >= 1, "its records");
  await until("the photo is in the database", async () => (await couch.list("blob-")).length >= 1);

  await move(two);
  await until("the other phone has it", async () => (await two.stored()).includes("塘坝漏水"));
  await two.hazard({ desc: "二组也写进数据库" });
  await two.synced();
  await one.go("me");
  await one.id("sync-now").click();
  await until("the first phone has it", async () => (await one.stored()).includes("二组也写进数据库"));
  assert.equal((await couch.list("w-")).length, 2);
  town.noComplaints();
});

test("a test says nothing of what was typed meanwhile, and a relay that cannot be asked can be left", async (t) => {
  const dav = await Dav.start();
  t.after(() => dav.stop());
  const town = await Township.open({ more: ["--share", `village=${dav.origin}`] });
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await choose(phone, "webdav");
  await phone.id("backend-relay").selectOption("village");
  await phone.id("backend-user").fill(ACCOUNT.user);
  await phone.id("backend-password").fill(ACCOUNT.password);

  const line = town.network.hold(({ url }) => url.startsWith("/relay/village"));
  await phone.id("backend-test").click();
  await until("the test is on its way", () => line.held > 0);
  await phone.id("backend-user").fill("someone-else");
  line.release();
  await phone.page.locator('[data-testid="backend-test"][aria-busy="false"]').waitFor();
  assert.equal(await phone.id("backend-verdict").count(), 0, "the account that is there now was not tested");
  assert.ok(await phone.id("backend-take").isDisabled());
  await phone.id("backend-test").click();
  await phone.id("backend-verdict").filter({ hasText: "账号或密码不对" }).waitFor();
  await phone.id("backend-user").fill(ACCOUNT.user);
  await phone.id("backend-test").click();
  await phone.id("backend-verdict").filter({ hasText: "可以用" }).waitFor();
  await take(phone, "经服务器中转：village");
  await phone.synced();
  await phone.go("me");
  await phone.id("check-now").filter({ hasText: "与共享核对" }).waitFor();

  await phone.airplane(true);
  await phone.go("me/backend");
  const way = phone.id("backend-relay");
  await way.filter({ hasText: "village（现在没有查到）" }).waitFor();
  assert.equal(await way.inputValue(), "village");
  assert.equal(await phone.id("backend-address").count(), 0);
  await way.selectOption("");
  await phone.id("backend-address").waitFor();
  await phone.airplane(false);
  town.noComplaints();
});

test("without a backend everything works here, says so, and goes out once there is one", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const phone = await Phone.open(context, town.origin, "zhuli01");
  await choose(phone, "alone");
  await inspect(phone.page, "backend-alone");
  await phone.id("backend-take").click();
  const asked = await phone.page.locator("dialog[open]").innerText();
  assert.match(asked, /没有送出的还是没有送出/);
  assert.doesNotMatch(asked, /会送到/, "there is no new place");
  await phone.id("confirm-yes").click();
  await phone.id("backend-now").filter({ hasText: "只存本机" }).waitFor();
  // Nothing to compare with, and nothing that a new phone could fetch.
  await phone.go("me");
  await phone.id("check-words").filter({ hasText: "没有可以核对的后端" }).waitFor();
  assert.equal(await phone.id("check-now").count(), 0);
  await phone.go("me/phone");
  await phone.id("phone-state").filter({ hasText: "别处没有" }).waitFor();
  await phone.id("phone-steps").filter({ hasText: "全部记录和照片" }).waitFor();
  await phone.go("");
  await until("the lamp says so", async () => (await phone.id("lamp").innerText()).includes("只存本机"));
  await phone.hazard({ desc: "先记在本机" });
  await phone.page.reload();
  await phone.id("lamp").filter({ hasText: "只存本机" }).waitFor();
  // A file that is opened here comes to this device and goes nowhere.
  await phone.go("me/carry");
  await phone.id("carry-make").click();
  const passphrase = await phone.id("carry-pass").innerText();
  const [download] = await Promise.all([phone.page.waitForEvent("download"), phone.id("carry-save").click()]);
  await phone.id("carry-file").setInputFiles(await download.path());
  await phone.id("carry-words").fill(passphrase);
  await phone.id("carry-open").click();
  await phone.id("carry-hand-on").filter({ hasText: "收进这台设备" }).click();
  await phone.id("carry-outcome").filter({ hasText: "还没有交到别处" }).waitFor();
  const nothing = await (await Account.signIn(town.server.origin, "zhuli01")).list("hazard");
  assert.equal(nothing.filter((record) => record.values.desc === "先记在本机").length, 0);

  // Another page is in the middle of a round: the person hears what is waited for, and it goes on when that ends.
  const other = await context.newPage();
  await other.goto(`${town.origin}/manifest.webmanifest`);
  await other.evaluate(() => new Promise((held) => {
    const hold = () => new Promise((done) => {
      window.letGo = done;
      held();
    });
    navigator.locks.request("gridbook-sync-zhuli01", hold).catch(() => {});
  }));
  await phone.page.bringToFront();
  await choose(phone, "server");
  await phone.id("backend-take").click();
  await phone.id("confirm-yes").click();
  await phone.id("backend-take").filter({ hasText: "正在换…" }).waitFor();
  await phone.id("backend-slow").waitFor();
  await inspect(phone.page, "backend-waits");
  await other.evaluate(() => window.letGo());
  await phone.id("backend-now").filter({ hasText: "镇里的服务器" }).waitFor();
  assert.equal(await phone.id("backend-slow").count(), 0);
  await other.close();
  await phone.synced();
  const arrived = await (await Account.signIn(town.server.origin, "zhuli01")).list("hazard");
  assert.equal(arrived.filter((record) => record.values.desc === "先记在本机").length, 1);
  town.noComplaints();
});
