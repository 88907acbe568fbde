// The phone is full while a record is being saved: the app says so, keeps the draft, and saves it later.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

test("a full phone", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const phone = await Phone.open(context, town.origin, "zhuli01");
  await phone.beginHazard({ desc: "水塔底座开裂，存储试验" });
  await phone.draftKept();

  const session = await context.newCDPSession(phone.page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: town.origin, quotaSize: 1 });
  await phone.pressSave();
  await until("the app says that the phone is full", async () => (await phone.text()).includes("手机存储已满"));
  const words = await phone.text();
  assert.ok(words.includes("草稿"), "and that the draft is kept");
  assert.equal(await phone.id("field-desc").inputValue(), "水塔底座开裂，存储试验", "the form is still there");

  // Even if the page goes away now.
  await phone.page.close();
  const again = await Phone.resume(context, town.origin);
  await again.openDraft("存储试验");
  assert.equal(await again.id("field-desc").inputValue(), "水塔底座开裂，存储试验");

  const other = await context.newCDPSession(again.page);
  await other.send("Storage.overrideQuotaForOrigin", { origin: town.origin });
  await again.saveReport();
  await again.synced();
  const township = await Account.signIn(town.server.origin, "zhuren01");
  assert.equal((await township.list("hazard", ({ values }) => values.desc?.includes("存储试验"))).length, 1);
});
