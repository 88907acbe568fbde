// What browsers, phones and servers do to an app: each fault by itself, on the release bundles, and nothing is lost.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { Handset, PHONE } from "./harness/browser.mjs";
import { Bundles } from "./harness/bundle.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { isPhoto, isPush } from "./harness/proxy.mjs";
import { inspect } from "./harness/look.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

/** The hazards at the server whose description begins with `words`, in order. */
async function hazards(town, words) {
  const township = await Account.signIn(town.server.origin, "zhuren01");
  const list = await township.list("hazard", ({ values }) => values.desc?.startsWith(words));
  return list.sort((a, b) => a.values.desc.localeCompare(b.values.desc, "en"));
}

/** Each of `all` is at the server exactly once, and received exactly once. */
async function eachOnce(town, words, all) {
  const there = await hazards(town, words);
  assert.deepEqual(there.map(({ values }) => values.desc), [...all].sort());
  assert.deepEqual(there.map(({ receipts }) => receipts), all.map(() => 1), "received once each");
}

test("the browser is killed in the middle of sending, and again in the middle of receiving", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const handset = await Handset.make();
  t.after(() => handset.remove());
  let phone = await Phone.open(await handset.open(), town.origin, "zhuli01");
  await phone.offlineReady();

  const all = [];
  for (let round = 0; round < 3; round += 1) {
    const words = `半路被杀 ${round}`;
    const push = town.network.hold(isPush);
    await phone.hazard({ desc: words, photos: round === 1 ? [photo(round)] : [] });
    all.push(words);
    await until("the push is on its way", async () => push.held > 0);
    // The server stores the odd ones and their phone never hears of it.
    const lost = round % 2 === 1 ? town.network.loseNextAnswer(isPush) : undefined;
    if (lost) {
      push.release();
      await lost;
    }
    await handset.kill();
    push.release();
    phone = await Phone.resume(await handset.open(), town.origin);
  }
  await nudged("the phone is in step", () => phone.wake(), async () => (await phone.id("lamp").getAttribute("data-state")) === "ok");
  await eachOnce(town, "半路被杀", all);

  // Receiving: others write, the page that brings it is held, the browser dies, and comes back whole.
  const other = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await other.hazard({ desc: "另一部手机写的，收到一半" });
  await other.synced();
  const isPull = (request) => request.url.startsWith("/sync/v1/pull");
  const pull = town.network.hold(isPull);
  await phone.wake();
  await until("the page is on its way", async () => pull.held > 0);
  await handset.kill();
  pull.release();
  phone = await Phone.resume(await handset.open(), town.origin);
  await phone.synced();
  await until("what was on its way is there", async () => (await phone.records("收到一半")).length === 1);
  assert.deepEqual((await phone.records("半路被杀")).map(({ title }) => title).sort(), [...all].sort());
  await handset.close();
  assert.deepEqual(handset.complaints, []);
  town.noComplaints();
});

test("the browser drops the connection to the database, and refuses a write", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  // As Chromium does when its storage service restarts: handles that were open throw at the next transaction.
  await context.addInitScript(() => {
    const open = IDBDatabase.prototype.transaction;
    const dropped = new WeakSet();
    const known = new Set();
    let refuse = 0;
    IDBDatabase.prototype.transaction = function transaction(stores, mode, ...rest) {
      known.add(this);
      if (dropped.has(this)) {
        throw new DOMException("The database connection is closing.", "InvalidStateError");
      }
      const made = open.call(this, stores, mode, ...rest);
      if (mode === "readwrite" && refuse > 0) {
        refuse -= 1;
        // Whatever was asked for in it is undone, after its requests had succeeded.
        queueMicrotask(() => made.abort());
      }
      return made;
    };
    window.faults = {
      drop() {
        for (const handle of known) dropped.add(handle);
        return known.size;
      },
      refuse(times) {
        refuse = times;
      },
    };
  });
  const phone = await Phone.open(context, town.origin, "zhuli01");
  const all = [];
  for (let round = 0; round < 3; round += 1) {
    const words = `句柄断开 ${round}`;
    await phone.beginHazard({ desc: words });
    await phone.draftKept();
    assert.ok((await phone.page.evaluate(() => window.faults.drop())) > 0, "there was a connection to drop");
    await phone.saveReport();
    all.push(words);
  }
  // A transaction that the browser takes back is never called saved, and its draft stays.
  await phone.beginHazard({ desc: "句柄断开 9" });
  await phone.draftKept();
  await phone.page.evaluate(() => window.faults.refuse(2));
  await phone.pressSave();
  await nudged("it is saved in the end", async () => {
    if (!/#\/saved\//.test(phone.page.url())) await phone.pressSave().catch(() => {});
  }, async () => /#\/saved\//.test(phone.page.url()));
  all.push("句柄断开 9");
  await phone.synced();
  await eachOnce(town, "句柄断开", all);
});

test("the database cannot be opened any more: the person is told what is safe, takes the words along, and opens anew", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  // As when the browser's storage has broken down below the page: what was open is gone, and nothing opens until the page is new.
  await context.addInitScript(() => {
    const known = new Set();
    let broken = false;
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function begin(...args) {
      known.add(this);
      if (broken) throw new DOMException("The database connection is closing.", "InvalidStateError");
      return transaction.apply(this, args);
    };
    const { open } = IDBFactory.prototype;
    IDBFactory.prototype.open = function reopen(...args) {
      if (broken) throw new DOMException("Internal error opening backing store for indexedDB.open.", "UnknownError");
      return open.apply(this, args);
    };
    window.breakStore = () => {
      broken = true;
      return known.size;
    };
    window.mendStore = () => { broken = false; };
    Object.defineProperty(navigator, "clipboard", {
      configurable: true,
      value: { writeText: async (text) => { window.copied = text; } },
    });
  });
  const phone = await Phone.open(context, town.origin, "zhuli01");
  await phone.hazard({ desc: "打不开之前存的一条" });
  await phone.synced();
  await phone.beginHazard({ desc: "打不开时正在填" });
  await phone.draftKept();
  assert.equal(await phone.id("stuck-reload").count(), 0, "nothing is said while nothing is wrong");
  assert.ok((await phone.page.evaluate(() => window.breakStore())) > 0, "there was a connection to drop");
  await phone.id("field-desc").fill("打不开时正在填，又添了半句");
  await phone.id("stuck-reload").waitFor();
  assert.match(await phone.text(), /显示过“已保存”的都在本机，没有丢/);
  await inspect(phone.page, "phone-store-stuck");
  const [download] = await Promise.all([phone.page.waitForEvent("download"), phone.id("stuck-file").click()]);
  assert.match(await readFile(await download.path(), "utf8"), /打不开时正在填，又添了半句/);
  await phone.id("stuck-copy").click();
  await until("the words are on the clipboard", () => phone.page.evaluate(() => /又添了半句/.test(window.copied ?? "")));

  // It mends itself: the page says no more of it, and what is in the form is kept again.
  await phone.page.evaluate(() => window.mendStore());
  await phone.id("field-desc").fill("打不开时正在填，好了又填");
  await phone.id("stuck-reload").waitFor({ state: "detached" });
  await until("the draft is on disk again", () => phone.page.evaluate(async () => {
    const opening = indexedDB.open("gridbook-zhuli01");
    const database = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
    const rows = database.transaction("draft").objectStore("draft").getAll();
    const held = await new Promise((done) => { rows.onsuccess = () => done(rows.result); });
    database.close();
    return held.some((row) => new TextDecoder().decode(row).includes("好了又填"));
  }));

  // It does not: the page is opened anew, with what was kept and all that was saved.
  await phone.page.evaluate(() => window.breakStore());
  await phone.id("field-desc").fill("打不开时正在填，这半句没有存下");
  const loaded = phone.page.waitForEvent("load");
  await phone.id("stuck-reload").click();
  await loaded;
  await phone.id("field-desc").waitFor();
  assert.equal(await phone.id("field-desc").inputValue(), "打不开时正在填，好了又填");
  await phone.saveReport();
  await phone.synced();
  await eachOnce(town, "打不开", ["打不开之前存的一条", "打不开时正在填，好了又填"]);
});

test("the browser clears everything: the phone says so, and what the server has comes back", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const phone = await Phone.open(context, town.origin, "zhuli01");
  await phone.hazard({ desc: "清空之前送到的一条" });
  await phone.synced();
  const households = await phone.householdCount();
  await phone.page.goto("about:blank");
  const session = await context.newCDPSession(phone.page);
  await session.send("Storage.clearDataForOrigin", {
    origin: town.origin,
    storageTypes: "indexeddb,cache_storage,service_workers,file_systems",
  });
  await phone.page.goto(town.origin);
  await phone.signIn("zhuli01");
  await phone.id("lamp").waitFor();
  await until("the person is told", async () => (await phone.text()).includes("本机的数据被清空过"));
  await inspect(phone.page, "phone-cleared");
  await phone.synced();
  assert.equal(await phone.householdCount(), households);
  await until("what was sent is there again", async () => (await phone.records("清空之前送到的一条")).length === 1);

  // The phone writes on under a name of its own, so that nothing it wrote before is taken for the same.
  await phone.hazard({ desc: "清空之后的一条" });
  await phone.synced();
  await eachOnce(town, "清空之", ["清空之前送到的一条", "清空之后的一条"]);
  const [before, after] = (await hazards(town, "清空之")).map(({ ops }) => [...ops][0].split(".")[0]);
  assert.notEqual(before, after, "another writer");
  town.noComplaints();
});

test("two tabs that both believe they lead", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  // A browser whose locks hold nothing back, as some old engines have.
  await context.addInitScript(() => {
    Object.defineProperty(LockManager.prototype, "request", {
      value: async (name, options, work) => (work ?? options)({ name, mode: "exclusive" }),
    });
  });
  const one = await Phone.open(context, town.origin, "zhuli01");
  const two = await Phone.resume(context, town.origin);
  const all = [];
  for (let round = 0; round < 3; round += 1) {
    const [a, b] = [`两个都在送 ${round} 甲`, `两个都在送 ${round} 乙`];
    await Promise.all([one.beginHazard({ desc: a }), two.beginHazard({ desc: b })]);
    await Promise.all([one.saveReport(), two.saveReport()]);
    all.push(a, b);
    await Promise.all([one.wake(), two.wake()]);
  }
  await one.synced();
  await two.synced();
  await eachOnce(town, "两个都在送", all);
  for (const phone of [one, two]) {
    await until("the tab shows all of them", async () => (await phone.records("两个都在送")).length === all.length);
  }
});

test("a new version takes over between a request and its answer", async (t) => {
  const bundles = await Bundles.copy();
  t.after(() => bundles.remove());
  const town = await Township.open({ dist: bundles.folder });
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await phone.offlineReady();
  // The server has it, and nobody has heard so yet.
  const answer = town.network.holdNextAnswer(isPush);
  await phone.hazard({ desc: "换版本时正在送的一条" });
  await answer.given;
  const version = await bundles.release("offline.html", (text) => text.replace("现在没有网络", "现在没有网络了"));
  await phone.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration.update();
  });
  await phone.go("me");
  await phone.id("update-now").waitFor();
  const loaded = phone.page.waitForEvent("load");
  await phone.id("update-now").click();
  await loaded;
  answer.release();
  await phone.id("lamp").waitFor();
  await phone.synced();
  await until("only the new version is kept", () =>
    phone.page.evaluate(async (name) => (await caches.keys()).join() === name, `gridbook-${version}`),
  );
  await eachOnce(town, "换版本时", ["换版本时正在送的一条"]);
});

/** The page's clock, wrong by `window.days`. */
function wrongClock(days) {
  const Real = Date;
  window.days = days;
  globalThis.Date = class extends Real {
    constructor(...parts) {
      super(...(parts.length === 0 ? [Real.now() + window.days * 864e5] : parts));
    }
    static now() {
      return Real.now() + window.days * 864e5;
    }
  };
}

test("a clock that is 400 days ahead neither wins nor loses anything", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  await context.addInitScript(wrongClock, 400);
  const ahead = await Phone.open(context, town.origin, "zhuli01");
  await ahead.hazard({ desc: "时钟快了四百天的一条" });
  await ahead.synced();

  // A phone whose clock is right changes what the fast one wrote, having seen it: the later edit stands.
  const correct = async (phone, from, to) => {
    await phone.openRecord(from);
    await phone.id("record-edit").click();
    await phone.id("field-desc").fill(to);
    await phone.pressSave();
    await phone.page.locator(".record-title", { hasText: to }).waitFor();
    await phone.synced();
  };
  await correct(ahead, "时钟快了四百天的一条", "时钟快了四百天，自己改过");
  const same = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await correct(same, "时钟快了四百天，自己改过", "时钟快了四百天，换准的手机改过");
  await ahead.wake();
  await until("the fast phone shows the later edit", async () => {
    return (await ahead.records("换准的手机改过")).length === 1;
  });
  const [there, ...more] = await hazards(town, "时钟快了");
  assert.deepEqual([there.values.desc, more], ["时钟快了四百天，换准的手机改过", []], "one record, as it was left");
  town.noComplaints();
});

test("three weeks without a network", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const handset = await Handset.make();
  t.after(() => handset.remove());
  let context = await handset.open();
  let phone = await Phone.open(context, town.origin, "zhuli01");
  await phone.offlineReady();
  await town.network.cut();
  await handset.close();

  const all = [];
  for (const days of [-21, -14, -7, -1]) {
    context = await handset.open();
    await context.addInitScript(wrongClock, days);
    phone = await Phone.resume(context, town.origin);
    for (const part of ["甲", "乙"]) {
      const words = `离线三周 ${-days} 天前${part}`;
      await phone.hazard({ desc: words, photos: part === "甲" ? [photo(-days)] : [] });
      all.push(words);
    }
    await handset.close();
  }
  context = await handset.open();
  phone = await Phone.resume(context, town.origin);
  assert.equal(await phone.unsent(), all.length, "the phone says how much waits");
  await inspect(phone.page, "phone-three-weeks");
  await town.network.up();
  await phone.wake();
  await phone.synced();
  await eachOnce(town, "离线三周", all);
  const township = await Account.signIn(town.server.origin, "zhuren01");
  for (const { blobs } of await hazards(town, "离线三周")) {
    for (const blob of blobs) assert.ok(await township.hasPhoto(blob.sha256 ?? blob), "its photo is at the server");
  }
  assert.equal((await phone.records("离线三周")).length, all.length);
  await handset.close();
  assert.deepEqual(handset.complaints, []);
});

test("storms of 503 and 423, of 500 and 429: the phone goes on by itself, text before photos", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const all = [];
  for (const [status, headers] of [[503, { "retry-after": "1" }], [423, {}], [500, {}], [429, { "retry-after": "1" }]]) {
    const pushes = town.network.storm(isPush, status, 3, headers);
    const photos = town.network.storm(isPhoto, status, 2, headers);
    const words = `风暴 ${status}`;
    await phone.hazard({ desc: words, photos: [photo(status)] });
    all.push(words);
    await nudged(`the storm of ${status} is over`, () => phone.wake(), async () => pushes.left === 0 && photos.left === 0);
    await nudged("the phone is in step", () => phone.wake(), async () => (await phone.id("lamp").getAttribute("data-state")) === "ok");
  }
  await eachOnce(town, "风暴", all);
});
