// A day without a network: twelve visits and an orange hazard with photos. In the evening there is a network for a
// moment: texts go first, their receipts come back, photos wait for the next time, and the phone says what is unsent.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { isPhoto, isPush } from "./harness/proxy.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const VISITS = 12;
const NOT_MET = 2;

test("an offline day: texts first, receipts back, photos later", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const township = await Account.signIn(town.server.origin, "zhuren01");
  const mine = await Account.signIn(town.server.origin, "zhuli01");
  assert.ok((await mine.list("household")).length >= 60, "an account with sixty households");
  const old = new Set((await township.list("visit")).map(({ id }) => id));
  const visits = () => township.list("visit", ({ id }) => !old.has(id));

  await phone.airplane(true);
  await town.network.cut();
  for (let n = 0; n < VISITS; n += 1) {
    if (n < NOT_MET) await phone.notMetVisit({ nth: n });
    else await phone.noChangeVisit({ nth: n });
  }
  await phone.hazard({ desc: "上湾后山裂缝加宽，雨后有落石", level: "orange", photos: [photo(11), photo(12), photo(13)] });
  assert.equal(await phone.unsent(), VISITS + 1);
  assert.equal(await phone.unsentPhotos(), 3);

  // The network comes, and one photo gets through before it goes again.
  await town.network.up();
  let through;
  const line = town.network.hold((request) => isPhoto(request) && (through ??= request.url) !== request.url);
  await phone.airplane(false);
  await until("all texts are at the server", async () => {
    const hazards = await township.list("hazard", (record) => record.values.desc?.includes("裂缝加宽"));
    return (await visits()).length === VISITS && hazards.length === 1 && hazards[0].receipts === 1;
  });
  await until("a second photo is on its way", () => line.held > 0);
  const log = town.network.log;
  const lastText = log.findLastIndex((entry) => isPush(entry));
  const firstPhoto = log.findIndex((entry) => isPhoto(entry));
  assert.ok(lastText < firstPhoto, "every text went before the first photo");
  // Receipts are back while photos are still waiting.
  await until("every record has arrived", async () => {
    const rows = await phone.records("裂缝加宽");
    return rows.length === 1 && rows[0].arrival === "已送达";
  });
  assert.equal(await phone.unsent(), 0);

  // Ninety seconds are over.
  await phone.airplane(true);
  await town.network.cut();
  await until("two photos wait", async () => (await phone.unsentPhotos()) === 2);
  assert.equal(await phone.unsent(), 0, "no text waits");
  const [hazard] = await township.list("hazard", (record) => record.values.desc?.includes("裂缝加宽"));
  const there = await Promise.all(hazard.blobs.map(({ sha256 }) => township.hasPhoto(sha256)));
  assert.equal(there.filter(Boolean).length, 1);

  // The next day.
  await town.network.up();
  await phone.airplane(false);
  await phone.synced();
  for (const { sha256 } of hazard.blobs) assert.ok(await township.hasPhoto(sha256));
  assert.equal(await phone.unsentPhotos(), 0);
  const made = await visits();
  assert.equal(made.length, VISITS);
  assert.equal(made.filter(({ values }) => values.met === "not_met").length, NOT_MET);
  assert.equal(new Set(made.map(({ values }) => values.household)).size, VISITS, "a household each");
  assert.ok(made.every(({ receipts, user }) => receipts === 1 && user === "zhuli01"));
  town.noComplaints();
});
