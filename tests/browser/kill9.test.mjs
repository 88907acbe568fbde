// The browser is killed while it saves, thirty times. What the app called saved is there afterwards, every time.

import assert from "node:assert/strict";
import test from "node:test";
import { Handset } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { random } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";

const ROUNDS = 30;
/** From the tap to the end of a save takes about this long; the kill falls somewhere in it. */
const WINDOW_MS = 80;

test("thirty kills while saving lose nothing that was saved", async (t) => {
  const town = await Township.open({ browser: false });
  t.after(() => town.close());
  const handset = await Handset.make();
  t.after(() => handset.remove());
  let phone = await Phone.open(await handset.open(), town.origin, "zhuli01");
  await phone.offlineReady();
  await handset.close();
  await town.network.cut();

  const next = random(20261121);
  const saved = [];
  const asked = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    phone = await Phone.resume(await handset.open(), town.origin);
    const shown = new Set((await phone.records("断电试验")).map((row) => row.title));
    for (const words of saved) assert.ok(shown.has(words), `after kill ${round}: “${words}” was saved and is gone`);
    for (const words of shown) assert.ok(asked.includes(words), `“${words}” was never entered`);

    // One save in peace, one into the kill.
    const [calm, torn] = [`断电试验 ${round} 甲`, `断电试验 ${round} 乙`];
    asked.push(calm, torn);
    await phone.hazard({ desc: calm });
    saved.push(calm);
    await phone.beginHazard({ desc: torn });
    let done = false;
    const saving = phone.saveReport().then(
      () => { done = true; },
      () => {},
    );
    await new Promise((resolve) => setTimeout(resolve, next() * WINDOW_MS));
    // Asked before the kill, so that a save told in between counts as told.
    if (done) saved.push(torn);
    await handset.kill();
    await saving;
  }

  phone = await Phone.resume(await handset.open(), town.origin);
  const kept = (await phone.records("断电试验")).map((row) => row.title);
  for (const words of saved) assert.equal(kept.filter((title) => title === words).length, 1, words);
  await town.network.up();
  await phone.wake();
  await phone.synced();
  const township = await Account.signIn(town.server.origin, "zhuren01");
  const there = (await township.list("hazard", ({ values }) => values.desc?.startsWith("断电试验"))).map(({ values }) => values.desc);
  assert.deepEqual(there.sort(), kept.sort(), "the server has what the phone showed, once each");
  t.diagnostic(`${saved.length} saves told, ${kept.length - saved.length} more were on disk when the kill came`);
  await handset.close();
});
