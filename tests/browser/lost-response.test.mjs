// The server has stored a push and its answer is lost: the phone sends again, and nobody sees anything twice.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { isPush } from "./harness/proxy.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

test("a lost answer to a push makes no duplicate", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await phone.airplane(true);
  await phone.hazard({ desc: "晒坝边护栏松动，应答丢失试验" });
  await phone.noChangeVisit();
  assert.equal(await phone.unsent(), 2);

  const lost = town.network.loseNextAnswer(isPush);
  await phone.airplane(false);
  const push = await lost;
  assert.equal(push.status, 200, "the server had stored it");
  await phone.synced();

  const pushes = town.network.log.filter((entry) => isPush(entry));
  assert.ok(pushes.length >= 2, "the phone sent again");
  const township = await Account.signIn(town.server.origin, "zhuren01");
  const hazards = await township.list("hazard", (record) => record.values.desc?.includes("应答丢失试验"));
  assert.equal(hazards.length, 1);
  assert.equal([...hazards[0].ops].filter((dot) => dot.startsWith([...hazards[0].ops][0].split(".")[0])).length, 1);
  assert.equal(hazards[0].receipts, 1, "received once");

  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "dengji01");
  await desk.find("应答丢失试验");
  assert.equal(await desk.count("应答丢失试验"), 1);
  await until("one record on the phone", async () => (await phone.records("应答丢失试验")).length === 1);
  town.noComplaints();
});
