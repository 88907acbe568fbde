// Photos: an upload that breaks off goes on where it stopped; on a network that costs they wait while texts go; and
// what has arrived can be taken off the phone, the small picture staying.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { isPhoto } from "./harness/proxy.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

/** Bytes of a part (`crates/sync/src/engine/photos.rs`). */
const PART = 128 * 1024;
/** Longest small picture, in base64. */
const THUMB = 8 * 1024;

/** The hazard with this description, when it and all its photos are at the server. */
async function arrived(account, desc) {
  let found;
  await until("the record and its photos are at the server", async () => {
    [found] = await account.list("hazard", (record) => record.values.desc === desc);
    if (!found?.blobs.length) return false;
    return (await Promise.all(found.blobs.map(({ sha256 }) => account.hasPhoto(sha256)))).every(Boolean);
  });
  return found;
}

/** How many photos this page's databases hold. */
const held = (page) =>
  page.evaluate(async () => {
    let count = 0;
    for (const { name } of await indexedDB.databases()) {
      const db = await new Promise((resolve, reject) => {
        const asked = indexedDB.open(name);
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
      });
      if (db.objectStoreNames.contains("blob")) {
        const asked = db.transaction("blob").objectStore("blob").count();
        count += await new Promise((resolve) => {
          asked.onsuccess = () => resolve(asked.result);
        });
      }
      db.close();
    }
    return count;
  });

test("a large photo goes on where it stopped", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const mine = await Account.signIn(town.server.origin, "zhuli01");
  const part = ({ method, url }) => method === "PATCH" && isPhoto({ method, url });
  let passed = 0;
  const line = town.network.hold((request) => part(request) && (passed += 1) > 1);
  await phone.hazard({ desc: "路基边坡开裂", photos: [photo(31, { grain: 0.5 })] });
  await until("the second part is on its way", () => line.held > 0);
  await phone.airplane(true);
  await town.network.cut();
  await town.network.up();
  await phone.airplane(false);
  const { blobs } = await arrived(mine, "路基边坡开裂");
  const parts = Math.ceil(blobs[0].size / PART);
  assert.ok(parts >= 2, `the photo is large: ${blobs[0].size}`);
  // One went for nothing, with the network; what had arrived was not sent again.
  assert.equal(town.network.log.filter(part).length, parts + 1);
  await until("the phone knows that it arrived", async () => (await phone.unsentPhotos()) === 0);
});

test("photos wait for Wi-Fi, texts do not; and what has arrived makes room", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  await context.addInitScript(() => {
    const connection = Object.assign(new EventTarget(), { type: "cellular" });
    Object.defineProperty(Navigator.prototype, "connection", { get: () => connection });
  });
  const phone = await Phone.open(context, town.origin, "zhuli01");
  const mine = await Account.signIn(town.server.origin, "zhuli01");
  await phone.go("me");
  await phone.id("only-wifi").click();
  await phone.hazard({ desc: "涵洞口堵塞", photos: [photo(32)] });
  await until("the text is at the server", async () => (await mine.list("hazard", ({ values }) => values.desc === "涵洞口堵塞")).length === 1);
  await until("no text waits", async () => (await phone.unsent()) === 0);
  assert.equal(await phone.unsentPhotos(), 1);
  assert.equal(town.network.log.filter(isPhoto).length, 0);
  await phone.go("me");
  assert.match(await phone.id("only-wifi-says").innerText(), /1 张照片在等 Wi-Fi/);

  // Never one that waits.
  await phone.id("free-photos").click();
  await phone.id("confirm-yes").click();
  await until("told so", async () => (await phone.id("free-photos-says").innerText()).includes("一张也没有动"));
  assert.equal(await held(phone.page), 1);

  await phone.id("only-wifi").click();
  const { blobs } = await arrived(mine, "涵洞口堵塞");
  assert.ok(blobs[0].thumb.length <= THUMB && blobs[0].thumb.length > 0, `${blobs[0].thumb.length}`);
  await until("nothing waits", async () => (await phone.unsentPhotos()) === 0);
  await phone.go("me");
  await phone.id("free-photos").click();
  await phone.id("confirm-yes").click();
  await until("told how much", async () => /已腾出 .+（1 张原图）/.test(await phone.id("free-photos-says").innerText()));
  assert.equal(await held(phone.page), 0);
});
