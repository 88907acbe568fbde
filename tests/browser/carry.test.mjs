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
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

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
  // The key was told to the server after the first synchronisation.
  await until("the server knows the phone's key", () => phone.page.evaluate(async () => {
    const open = indexedDB.open("gridbook-zhuli01");
    const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
    const row = database.transaction("app").objectStore("app").get("key.known");
    const held = await new Promise((done) => { row.onsuccess = () => done(row.result); });
    database.close();
    return held !== undefined;
  }));
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

test("a file that was changed or cut short changes nothing", async (t) => {
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
