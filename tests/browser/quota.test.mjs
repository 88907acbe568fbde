// The phone is full while a record is being saved: the app says so, keeps the draft, and saves it later.

import assert from "node:assert/strict";
import test from "node:test";
import { Handset } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const WORDS = "水塔底座开裂，存储试验";

test("a full phone", async (t) => {
  const town = await Township.open({ browser: false });
  t.after(() => town.close());
  const handset = await Handset.make();
  t.after(() => handset.remove());
  const before = await Phone.open(await handset.open(), town.origin, "zhuli01");
  await before.offlineReady();
  await before.beginHazard({ desc: WORDS });
  await before.draftKept();
  await handset.close();

  // Chromium believes for half a minute what it once heard of the free room: so the phone is full from its start.
  const context = await handset.open();
  t.after(() => context.close());
  const session = await context.newCDPSession(context.pages()[0]);
  await session.send("Storage.overrideQuotaForOrigin", { origin: town.origin, quotaSize: 1 });
  const phone = await Phone.resume(context, town.origin);
  await phone.openDraft("存储试验");
  await phone.pressSave();
  await until("the app says that the phone is full", async () => (await phone.text()).includes("存储已满"));
  assert.match(await phone.text(), /草稿/, "and that the draft is kept");
  assert.equal(await phone.id("field-desc").inputValue(), WORDS, "the form is still there");

  // Even if the page goes away now.
  await phone.page.close();
  const again = await Phone.resume(context, town.origin);
  await again.openDraft("存储试验");
  assert.equal(await again.id("field-desc").inputValue(), WORDS);

  await session.send("Storage.overrideQuotaForOrigin", { origin: town.origin });
  await again.saveReport();
  await again.synced();
  const township = await Account.signIn(town.server.origin, "zhuren01");
  assert.equal((await township.list("hazard", ({ values }) => values.desc === WORDS)).length, 1);
});
