// Before a phone is given up: the page says what would be lost with it, and only then that nothing is.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { isPhoto, isPush, refusing } from "./harness/proxy.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

test("a phone is given up only when nothing is left on it: refused, photos that wait for Wi-Fi, a form begun", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  await context.addInitScript(() => {
    const connection = Object.assign(new EventTarget(), { type: "cellular" });
    Object.defineProperty(Navigator.prototype, "connection", { get: () => connection });
  });
  const phone = await Phone.open(context, town.origin, "zhuli01");
  const mine = await Account.signIn(town.server.origin, "zhuli01");
  const there = async (desc) => (await mine.list("hazard", ({ values }) => values.desc === desc)).length;
  const says = async (words) => {
    await phone.go("me/phone");
    await phone.id("phone-state").filter({ hasText: words }).waitFor();
  };
  const notYet = async () => assert.doesNotMatch(await phone.text(), /放心换手机/);

  await says("可以放心换手机");
  await phone.id("phone-steps").filter({ hasText: "用同一个账号登录" }).waitFor();

  await t.test("a record that the server refused is on this phone only", async () => {
    const refused = town.network.answerNext(isPush, refusing("malformed"));
    await phone.hazard({ desc: "服务器没有收下的一条" });
    await refused;
    await says("还有 1 条需处理");
    await notYet();
    await inspect(phone.page, "change-phone-held");
    await phone.go("");
    await phone.id("home-unsent").filter({ hasText: "1 条需处理" }).waitFor();
    assert.equal(await there("服务器没有收下的一条"), 0);
    await phone.go("me");
    await phone.id("send-again").click();
    await until("it is at the server", async () => (await there("服务器没有收下的一条")) === 1);
    await phone.synced();
    await says("可以放心换手机");
  });

  await t.test("a photo that waits for Wi-Fi is, too", async () => {
    await phone.go("me");
    await phone.id("only-wifi").click();
    await phone.hazard({ desc: "照片还在手机里", photos: [photo(41)] });
    await until("the text is at the server", async () => (await there("照片还在手机里")) === 1);
    await says("还有 1 张照片或录音没有传完");
    await notYet();
    assert.equal(town.network.log.filter(isPhoto).length, 0);
    await phone.go("me");
    await phone.id("only-wifi").click();
    await phone.synced();
    await says("可以放心换手机");
  });

  await t.test("and a form that was begun", async () => {
    await phone.beginHazard({ desc: "只写了一半" });
    await phone.draftKept();
    await says("1 张没写完的表");
    await notYet();
  });
  town.noComplaints();
});
