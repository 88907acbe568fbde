// Another grid's phone holds exactly its own grid: its households and records, and none of the neighbour's.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";

test("a second phone sees exactly its own grid", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const one = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await one.hazard({ desc: "只该一组看见的一条" });
  await one.synced();
  const two = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli02");
  await two.synced();

  const [first, second] = await Promise.all(["zhuli01", "zhuli02"].map((user) => Account.signIn(town.server.origin, user)));
  const area = "510000100201002";
  const own = await second.list("household");
  assert.ok(own.length > 50);
  assert.ok(own.every((record) => record.area.startsWith(area)), "the feed has the second grid only");
  assert.equal(await two.householdCount(), own.length, "and the phone shows all of it");

  assert.deepEqual(await two.records("只该一组看见的一条"), []);
  const foreign = (await first.list("household")).filter(({ id }) => !second.records.has(id));
  assert.ok(foreign.length > 50);
  // Names that nothing of its own contains.
  const mine = JSON.stringify([...second.records.values()].map(({ values }) => values));
  const heads = foreign.map(({ values }) => values.head).filter((name) => name && !mine.includes(name));
  assert.ok(heads.length > 20);
  const [head] = heads;
  assert.ok((await one.searchHouseholds(head)).length > 0, "the first phone finds its household");
  assert.deepEqual((await two.searchHouseholds(head)).filter((row) => row.includes(head)), []);

  // Nor anywhere below the screens.
  const [all, other] = await Promise.all([two.stored(), one.stored()]);
  assert.ok(all.includes(own[0].values.head), "what is stored can be read");
  assert.ok(other.includes(head));
  for (const name of heads) assert.ok(!all.includes(name), `the foreign name ${name} is on the phone`);
  for (const { id } of foreign) assert.ok(!all.includes(id), `a foreign household ${id} is on the phone`);
  town.noComplaints();
});
