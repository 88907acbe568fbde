// A right that is taken away costs nobody's words: an account that was disabled hands in what it had not sent and leaves the
// phone; the desk takes in what was kept. (An area that went to somebody else: crates/server/tests/suite/quarantine.rs.)

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { nudged } from "./harness/wait.mjs";

const USER = "zhuli01";
const WORDS = "停用以前记下的裂缝";

test("an account is disabled while its phone holds unsent words", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const clerk = await Account.signIn(town.server.origin, "zhuangan01");
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, USER);
  const row = desk.page.locator(`[data-testid="review-row"][data-user="${USER}"]`);

  await t.test("without a network nothing goes from the phone", async () => {
    await phone.offlineReady();
    await phone.airplane(true);
    await phone.hazard({ desc: WORDS, photos: [photo(7)] });
    const answer = await fetch(`${town.server.origin}/api/staff/${USER}`, {
      method: "PATCH",
      headers: { ...clerk.headers, "content-type": "application/json" },
      body: JSON.stringify({ disabled: true }),
    });
    assert.equal(answer.status, 200);
    await phone.wake();
    assert.equal((await phone.records(WORDS)).length, 1);
  });

  await t.test("with one it hands in what it has, forgets the account and says so", async () => {
    await phone.airplane(false);
    const left = phone.id("account-left");
    await nudged("the phone is at the sign-in", () => phone.wake(), async () => (await left.count()) === 1);
    assert.match(await left.innerText(), /账号已停用，他在本机的记录已清除；1 条没送出的内容已交给镇里核实，没有丢/);
    await inspect(phone.page, "phone-account-left");
    const names = await phone.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    assert.ok(!names.includes(`gridbook-${USER}`), names.join());
    assert.ok(!(await phone.stored()).includes(WORDS));
  });

  await t.test("the desk sees whose, what and why, and takes it in with its photo", async () => {
    await desk.go("review");
    await row.waitFor();
    assert.match(await row.getByTestId("review-kinds").innerText(), /隐患 1 条/);
    assert.match(await row.getByTestId("review-why").innerText(), /账号已停用/);
    await inspect(desk.page, "desk-review");
    await row.getByTestId("review-take").click();
    const asked = await desk.page.locator("dialog[open]").innerText();
    assert.ok(asked.includes(USER), "whose it is stands in the question");
    assert.match(asked, /隐患 1 条/);
    await desk.id("confirm-yes").click();
    await desk.id("toast").filter({ hasText: "收下 1 条" }).waitFor();
    await row.waitFor({ state: "detached" });
    await desk.find(WORDS);
    const [hazard] = await clerk.list("hazard", ({ values }) => values.desc === WORDS);
    assert.equal(hazard.user, USER);
    assert.ok(await clerk.hasPhoto(hazard.blobs[0].sha256));
  });
  town.noComplaints();
});
