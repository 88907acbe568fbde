// Whoever has the share's password may write into it, in anybody's name. What its author's device did not sign is
// not taken in, people hear of it, and everything else goes on.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { Browser, DESK, PHONE } from "./harness/browser.mjs";
import { Dav } from "./harness/dav.mjs";
import { operations, write } from "./harness/forge.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { deskAt, fillIn, found, invite, moveToShare } from "./harness/serverless.mjs";
import { until } from "./harness/wait.mjs";

test("a record written in somebody's name on the share is put aside and told of", async (t) => {
  const dav = await Dav.start({ pages: true });
  t.after(() => dav.stop());
  const browser = await Browser.launch();
  t.after(() => browser.close());
  const desk = await deskAt(await browser.device(DESK), dav.pages);
  await found(desk);
  await moveToShare(desk, dav.origin);
  const ticket = await invite(desk, { name: "周晓", user: "zhouxiao", role: "village_assistant", area: "510000100201" });
  const late = await invite(desk, { name: "谭林", user: "tanlin", role: "village_assistant", area: "510000100201" });
  const phone = await Phone.at(await browser.device(PHONE), ticket.link);
  await fillIn(phone, ticket.digits);
  await phone.id("tab-home").waitFor();
  await phone.hazard({ desc: "屋后边坡有新裂缝" });
  await phone.synced();
  await desk.find("屋后边坡有新裂缝");
  await desk.go("me");
  assert.equal(await desk.id("aside").count(), 0, "all is signed so far");

  // Her own record, changed: once without a signature, once with the one that was made for the other words.
  const theirs = (await operations(dav)).filter(({ op }) => op.h.includes(" create zhouxiao ") && op.b?.includes("新裂缝"));
  assert.equal(theirs.length, 1);
  const [{ log, op }] = theirs;
  assert.ok(op.g, "the phone signs what it writes");
  const forged = ["冒名写的一条", "再冒名写的一条"].map((words, n) => {
    const h = op.h.replace(/^gb1 [0-9a-f]{32}/, `gb1 ${op.h.slice(4, 16)}${randomBytes(10).toString("hex")}`);
    const copy = { ...op, h, b: op.b.replace("屋后边坡有新裂缝", words) };
    if (n === 0) delete copy.g;
    return copy;
  });
  // And as if from another phone of hers, that nobody invited and of which no key is known.
  const [entity, dev] = [`${op.h.slice(4, 16)}${randomBytes(10).toString("hex")}`, randomBytes(8).toString("hex")];
  const h = op.h.replace(/^gb1 [0-9a-f]{32} [0-9a-f]{16}/, `gb1 ${entity} ${dev}`);
  const foreign = { ...op, h, b: op.b.replace("屋后边坡有新裂缝", "新手机冒名写的") };
  delete foreign.g;
  forged.push(foreign);
  await write(dav, log, forged);

  await until("the desk tells of it", async () => {
    await desk.wake();
    return (await desk.id("aside").count()) > 0;
  });
  const words = await desk.id("aside").innerText();
  assert.match(words, /有 3 条记录来历不明，没有收进来/);
  assert.match(words, /周晓 3 条/);
  assert.match(words, /不影响别的记录/);
  await desk.id("sync-state").filter({ hasText: "有记录签名不符" }).waitFor();
  await inspect(desk.page, "forged-desk");

  // Somebody who comes later reads the same.
  const other = await Phone.at(await browser.device(PHONE), late.link);
  await fillIn(other, late.digits);
  await other.id("tab-home").waitFor();
  await other.go("me");
  await other.id("aside").filter({ hasText: "有 3 条记录来历不明" }).waitFor();
  await inspect(other.page, "forged-phone");

  // The author goes on as before, and only what she wrote is there.
  await phone.hazard({ desc: "桥栏杆松动" });
  await desk.go("queue");
  await desk.find("桥栏杆松动");
  assert.equal(await desk.count("冒名写的一条"), 0);
  assert.equal(await desk.count("新手机冒名写的"), 0);
  assert.equal(await desk.count("屋后边坡有新裂缝"), 1);
  assert.deepEqual(browser.complaints, [], "pages logged errors");
});
