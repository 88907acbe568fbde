// The phone is switched on where there is neither a network nor a server: the app opens, and everything is there.

import assert from "node:assert/strict";
import test from "node:test";
import { Handset } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

test("a cold start without a network", async (t) => {
  const town = await Township.open({ browser: false });
  t.after(() => town.close());
  const handset = await Handset.make();
  t.after(() => handset.remove());

  let phone = await Phone.open(await handset.open(), town.origin, "zhuli01");
  await phone.offlineReady();
  await phone.beginHazard({ desc: "桥头护栏缺了一段" });
  await phone.draftKept();
  await handset.close();
  await town.network.cut();
  await town.server.down();

  const context = await handset.open();
  t.after(() => context.close());
  phone = await Phone.resume(context, town.origin);
  assert.equal(await phone.page.title().then((title) => title.includes("网格簿")), true);
  const households = await phone.searchHouseholds("柳溪村1组8号");
  assert.ok(households.length > 0, "households are there");

  await phone.openDraft("桥头护栏缺了一段");
  assert.equal(await phone.id("field-desc").inputValue(), "桥头护栏缺了一段");
  await phone.saveReport();
  assert.equal(await phone.unsent(), 1);
  await phone.noChangeVisit();
  assert.equal(await phone.unsent(), 2);

  // Once more, with records that nobody else has.
  await handset.close();
  phone = await Phone.resume(await handset.open(), town.origin);
  await until("both are still waiting", async () => (await phone.unsent()) === 2);

  await town.server.up();
  await town.network.up();
  await phone.wake();
  await phone.synced();
  const township = await Account.signIn(town.server.origin, "zhuren01");
  assert.equal((await township.list("hazard", ({ values }) => values.desc === "桥头护栏缺了一段")).length, 1);
  await handset.close();
  assert.deepEqual(handset.complaints, []);
});
