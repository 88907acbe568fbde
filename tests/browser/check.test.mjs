// A new device takes packed streams; a row of the store that got lost is found and made again, on the phone and at the
// desk; and an open desk hears of a new case without waiting for its timer.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

/** Well below the pause between two rounds. */
const AT_ONCE = 20_000;

/** Takes the first row out of a store, as a damaged disk does. */
async function lose(page, table) {
  return page.evaluate(async (store) => {
    const wait = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    let lost = 0;
    for (const { name } of await indexedDB.databases()) {
      const database = await wait(indexedDB.open(name));
      if (database.objectStoreNames.contains(store)) {
        const rows = database.transaction(store, "readwrite").objectStore(store);
        const [key] = await wait(rows.getAllKeys());
        if (key !== undefined) {
          await wait(rows.delete(key));
          lost += 1;
        }
      }
      database.close();
    }
    return lost;
  }, table);
}

async function checked(screen, words) {
  await screen.id("check-now").click();
  const line = screen.id("check-words");
  await until(`the check says ${words}`, async () => (await line.innerText()).includes(words));
}

test("packed at first, compared and mended, and news at once", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const asked = (path) => town.network.log.filter(({ url }) => url.startsWith(`/sync/v1/${path}`)).length;
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  assert.ok(asked("snapshot") > 0, "the phone took packed streams");
  const households = await phone.householdCount();
  assert.ok(households > 50);

  await t.test("what is whole is found to be whole", async () => {
    await phone.go("me");
    await checked(phone, "一致");
    await phone.page.screenshot({ path: new URL("../output/check-phone.png", import.meta.url).pathname, fullPage: true });
  });

  await t.test("a row of the log that got lost is fetched again", async () => {
    assert.equal(await lose(phone.page, "log"), 1);
    await phone.page.reload();
    await phone.id("check-now").waitFor();
    await phone.synced();
    await checked(phone, "已经补齐");
    await checked(phone, "记录一致");
    assert.equal(await phone.householdCount(), households);
  });

  await t.test("an open desk shows a new case at once", async () => {
    const desk = await Desk.open(await town.browser.device(DESK), town.origin, "dengji01");
    await desk.go("queue");
    await desk.id("queue-tab-all").click();
    await until("the desk waits for news", async () => asked("status") > 0);
    await phone.hazard({ desc: "晒坝边电线垂下来了" });
    await desk.id("queue-search").fill("电线垂下来");
    const row = desk.id("queue-row").filter({ hasText: "电线垂下来" });
    await until("the desk shows it", async () => (await row.count()) > 0, { timeout: AT_ONCE });
    await desk.go("me");
    await checked(desk, "一致");
    await desk.page.screenshot({ path: new URL("../output/check-desk.png", import.meta.url).pathname });
  });
  town.noComplaints();
});
