// Two tabs of one account save and synchronise by turns.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { PATIENCE, until } from "./harness/wait.mjs";

test("two tabs show the same, and nothing is twice at the server", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const one = await Phone.open(context, town.origin, "zhuli01");
  const two = await Phone.resume(context, town.origin);
  const all = [];
  const save = async (phone, words) => {
    await phone.hazard({ desc: words });
    all.push(words);
  };

  // By turns online, then by turns offline, then both at once.
  for (let n = 0; n < 2; n += 1) {
    await save(one, `双页试验 甲${n}`);
    await save(two, `双页试验 乙${n}`);
  }
  await one.airplane(true);
  await save(one, "双页试验 离线甲");
  await save(two, "双页试验 离线乙");
  await one.airplane(false);
  await Promise.all([save(one, "双页试验 同时甲"), save(two, "双页试验 同时乙")]);

  await one.synced();
  await two.synced();
  const township = await Account.signIn(town.server.origin, "zhuren01");
  const there = await until("all are at the server", async () => {
    const list = await township.list("hazard", ({ values }) => values.desc?.startsWith("双页试验"));
    return list.length >= all.length && list;
  });
  assert.deepEqual(there.map(({ values }) => values.desc).sort(), [...all].sort());
  for (const phone of [one, two]) {
    await until("the tab shows all, each once, arrived", async () => {
      const rows = await phone.records("双页试验");
      const titles = rows.map(({ title }) => title).sort();
      return JSON.stringify(titles) === JSON.stringify([...all].sort()) && rows.every(({ arrival }) => arrival === "已送达");
    });
  }

  // A tab that hangs holds the lock, and answers nobody: the one that has something to send takes it over.
  await two.page.close();
  const frozen = await context.newPage();
  await frozen.goto(`${town.origin}/offline.html`);
  await until("a tab holds the lock and does nothing", () =>
    frozen.evaluate(async () => {
      navigator.locks.request("gridbook-sync-zhuli01", { ifAvailable: true }, (lock) => lock && new Promise(() => {})).catch(() => {});
      const { held } = await navigator.locks.query();
      return held.some(({ name, clientId }) => name === "gridbook-sync-zhuli01" && clientId);
    }),
  );
  await save(one, "双页试验 页面卡住");
  await until(
    "it arrives all the same",
    async () => (await township.list("hazard", ({ values }) => values.desc === "双页试验 页面卡住")).length === 1,
    { timeout: 2 * PATIENCE },
  );
  await one.synced();
  town.noComplaints();
});
