// A file that is carried by hand: a phone that never gets a signal, a stick, and the township's desk.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { isPhoto } from "./harness/proxy.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

/** The server learns the phone's key after the first synchronisation: what is carried by hand is judged by it. */
async function keyKnown(phone) {
  await until("the server knows the phone's key", () => phone.page.evaluate(async () => {
    const open = indexedDB.open("gridbook-zhuli01");
    const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
    const row = database.transaction("app").objectStore("app").get("key.known");
    const held = await new Promise((done) => { row.onsuccess = () => done(row.result); });
    database.close();
    return held !== undefined;
  }));
}

/** Makes the file on the phone, as a person does: its path and its passphrase. */
async function takeOut(phone) {
  await phone.go("me/carry");
  await phone.id("carry-make").click();
  const passphrase = await phone.id("carry-pass").innerText();
  const [download] = await Promise.all([phone.page.waitForEvent("download"), phone.id("carry-save").click()]);
  // What fits into one file is not numbered.
  assert.match(download.suggestedFilename(), /-\d\d\.gridbook$/);
  return { path: await download.path(), passphrase };
}

async function bringIn(desk, path, passphrase) {
  await desk.go("me");
  await desk.id("carry-file").setInputFiles(path);
  await desk.id("carry-words").fill(passphrase);
  await desk.id("carry-open").click();
}

/** Hands the open file on, and returns what the desk says of it. */
async function handOn(desk) {
  await desk.id("carry-hand-on").click();
  await desk.page.locator('[data-testid="carry-hand-on"][aria-busy="false"]').waitFor();
  return desk.id("carry-outcome").innerText();
}

test("what a phone without network wrote reaches the township by hand, once, with its photo, as its author's", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const phone = await Phone.open(context, town.origin, "zhuli01");
  await phone.offlineReady();
  await keyKnown(phone);
  await phone.airplane(true);
  await phone.hazard({ desc: "手提文件里的隐患：屋后土坎渗水", level: "yellow", photos: [photo(1)] });
  await phone.noChangeVisit();

  const { path, passphrase } = await takeOut(phone);
  await inspect(phone.page, "carry-out");
  assert.match(passphrase, /^\d{4}-\d{4}-\d{4}$/);
  const bytes = await readFile(path);
  assert.equal(bytes.subarray(0, 21).toString(), "age-encryption.org/v1");
  assert.ok(!bytes.includes(Buffer.from("渗水")), "nothing of it can be read without the passphrase");

  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "dengji01");
  // The same file with one byte changed, and the half that was copied before the stick was pulled out.
  const changed = Buffer.from(bytes);
  changed[bytes.length - 100] ^= 1;
  for (const [name, buffer] of [["改过.gridbook", changed], ["一半.gridbook", bytes.subarray(0, bytes.length / 2)]]) {
    await desk.go("me");
    await desk.id("carry-file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
    await desk.id("carry-words").fill(passphrase);
    await desk.id("carry-open").click();
    await desk.id("carry-error").filter({ hasText: "文件不完整" }).waitFor();
  }
  await bringIn(desk, path, "0000-0000-0000");
  await desk.id("carry-error").filter({ hasText: "口令不对" }).waitFor();
  // Typed without its dashes.
  await desk.id("carry-words").fill(passphrase.replaceAll("-", ""));
  await desk.id("carry-open").click();
  await desk.id("carry-inside").filter({ hasText: "zhuli01 2 条" }).waitFor();
  assert.match(await handOn(desk), /新收下 2 条，早就有 0 条，照片和录音 1 个/);
  await inspect(desk.page, "carry-in");
  assert.match(await handOn(desk), /新收下 0 条，早就有 2 条/);

  const account = await Account.signIn(town.server.origin, "dengji01");
  const hazards = await account.list("hazard");
  const [arrived] = hazards.filter((record) => record.values.desc?.includes("手提文件里的隐患"));
  assert.equal(arrived.user, "zhuli01", "it is its author's, not the desk's");
  await desk.find("手提文件里的隐患");

  // The phone finds a signal one day: nothing is doubled, and it hears that all has arrived.
  await phone.airplane(false);
  await phone.synced();
  const after = await (await Account.signIn(town.server.origin, "zhuli01")).list("hazard");
  assert.equal(after.filter((record) => record.values.desc?.includes("手提文件里的隐患")).length, 1);
  town.noComplaints();
});

test("what is no such file changes nothing", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "dengji01");
  const give = async (name, buffer) => {
    await desk.go("me");
    await desk.id("carry-file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
    await desk.id("carry-words").fill("123456789012");
    await desk.id("carry-open").click();
  };
  await give("照片.gridbook", Buffer.from("not a bundle"));
  await desk.id("carry-error").filter({ hasText: "不是网格簿的随身文件" }).waitFor();
  await give("一半.gridbook", Buffer.from("age-encryption.org/v1\n-> scrypt"));
  await desk.id("carry-error").filter({ hasText: "文件不完整" }).waitFor();
  town.noComplaints();
});

test("a file that was half handed on when the tab was closed is handed on again, and nothing is there twice", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await phone.offlineReady();
  await keyKnown(phone);
  await phone.airplane(true);
  await phone.hazard({ desc: "交了一半的文件：挡墙鼓包", level: "yellow", photos: [photo(5)] });
  await phone.noChangeVisit();
  const { path, passphrase } = await takeOut(phone);

  // The text has arrived; the photo is on its way when the tab goes.
  const context = await town.browser.device(DESK);
  const first = await Desk.open(context, town.origin, "dengji01");
  await bringIn(first, path, passphrase);
  await first.id("carry-inside").waitFor();
  const going = town.network.hold(isPhoto);
  await first.id("carry-hand-on").click();
  await until("the photo is on its way", async () => going.held > 0);
  await first.page.close();
  going.release();

  const clerk = await Account.signIn(town.server.origin, "dengji01");
  const there = async () => (await clerk.list("hazard")).filter(({ values }) => values.desc?.startsWith("交了一半"));
  assert.equal((await there()).length, 1, "the text had arrived");
  const second = await Desk.resume(context, town.origin, "dengji01");
  await bringIn(second, path, passphrase);
  await second.id("carry-inside").waitFor();
  assert.match(await handOn(second), /新收下 0 条，早就有 2 条，照片和录音 1 个/);
  const [arrived, ...more] = await there();
  assert.deepEqual(more, [], "once");
  const township = await Account.signIn(town.server.origin, "zhuren01");
  for (const { sha256 } of arrived.blobs) assert.ok(await township.hasPhoto(sha256), "its photo is at the server");
  assert.equal(arrived.blobs.length, 1);
});

test("a file goes to another app where the browser lets it, and opens the app where it was tapped", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  await context.addInitScript(() => {
    window.handed = [];
    // What a browser on a phone has and the one of the tests has not: another app takes one file of ours.
    const share = {
      canShare: ({ files }) => files?.length === 1 && files[0].name.endsWith(".gridbook"),
      share: async ({ files }) => {
        for (const file of files) {
          window.handed.push({ name: file.name, bytes: [...new Uint8Array(await file.arrayBuffer())] });
        }
      },
    };
    for (const [name, value] of Object.entries(share)) {
      Object.defineProperty(Navigator.prototype, name, { configurable: true, value });
    }
  });
  const phone = await Phone.open(context, town.origin, "zhuli01");
  await phone.offlineReady();
  await keyKnown(phone);
  await phone.airplane(true);
  await phone.hazard({ desc: "发给别人的文件：涵洞堵了" });
  await phone.go("me/carry");
  await phone.id("carry-make").click();
  const passphrase = await phone.id("carry-pass").innerText();
  const [download] = await Promise.all([phone.page.waitForEvent("download"), phone.id("carry-save").click()]);
  await phone.id("carry-share").click();
  await until("another app has the file", () => phone.page.evaluate(() => window.handed.length === 1));
  const [handed] = await phone.page.evaluate(() => window.handed);
  assert.equal(handed.name, download.suggestedFilename());
  assert.ok((await readFile(await download.path())).equals(Buffer.from(handed.bytes)), "the file that is saved, byte for byte");

  // The colleague taps on it in the list of files: the app says that it opens such files, and is given it.
  const manifest = await (await fetch(`${town.origin}/manifest.webmanifest`)).json();
  assert.deepEqual(manifest.file_handlers.flatMap(({ accept }) => Object.values(accept).flat()), [".gridbook"]);
  const other = await Phone.open(await otherPhone(town), town.origin, "zhuli02");
  await other.page.evaluate(({ name, bytes }) => {
    const getFile = async () => new File([Uint8Array.from(bytes)], name);
    window.launched({ files: [{ kind: "file", name, getFile }] });
  }, handed);
  await other.page.getByText(`已选：${handed.name}`).waitFor();
  await other.id("carry-words").fill(passphrase);
  await other.id("carry-open").click();
  await other.id("carry-inside").filter({ hasText: "zhuli01 1 条" }).waitFor();
  await other.id("carry-hand-on").click();
  await other.id("carry-outcome").filter({ hasText: "新收下 1 条" }).waitFor();
  const hazards = await (await Account.signIn(town.server.origin, "zhuren01")).list("hazard");
  const [arrived] = hazards.filter(({ values }) => values.desc?.startsWith("发给别人的文件"));
  assert.equal(arrived.user, "zhuli01", "its author's, not the bearer's");
});

/** A phone whose browser gives the app files that were tapped on. */
async function otherPhone(town) {
  const context = await town.browser.device(PHONE);
  await context.addInitScript(() => {
    Object.defineProperty(window, "launchQueue", {
      configurable: true,
      value: { setConsumer(consumer) { window.launched = consumer; } },
    });
  });
  return context;
}
