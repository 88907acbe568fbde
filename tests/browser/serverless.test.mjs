// A township without a server: Apache serves the pages and keeps the share, a desk is the authority, people join by
// invitation, and what has no network travels as a file.

import assert from "node:assert/strict";
import test from "node:test";
import { Browser, DESK, PHONE } from "./harness/browser.mjs";
import { Dav } from "./harness/dav.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { PASSWORD, Server } from "./harness/server.mjs";
import { SECRET, deskAt, fillIn, found, invite, moveToShare } from "./harness/serverless.mjs";
import { until } from "./harness/wait.mjs";

test("founded at a desk, joined by a phone, reported, numbered, handled, answered, with no server of ours", async (t) => {
  const dav = await Dav.start({ pages: true });
  t.after(() => dav.stop());
  const browser = await Browser.launch();
  t.after(() => browser.close());
  const desk = await deskAt(await browser.device(DESK), dav.pages);
  await found(desk);
  await moveToShare(desk, dav.origin);
  await inspect(desk.page, "serverless-desk-me");

  const zhuli = await invite(desk, { name: "周晓", user: "zhouxiao", role: "village_assistant", area: "510000100201" });
  const phone = await Phone.at(await browser.device(PHONE), zhuli.link);
  await fillIn(phone, "0000-0000-0000");
  await phone.id("form-error").filter({ hasText: "12 位数字不对" }).waitFor();
  await inspect(phone.page, "serverless-join");
  await fillIn(phone, zhuli.digits);
  await phone.id("tab-home").waitFor();
  await phone.synced();

  await t.test("another phone is set up by invitation, and this one opens with its own secret", async () => {
    await phone.go("me");
    await phone.id("check-now").filter({ hasText: "与共享核对" }).waitFor();
    await phone.id("sign-out").click();
    const dialog = phone.page.locator("dialog[open]");
    assert.match(await dialog.innerText(), /口令才能打开，不用联网/);
    await dialog.getByTestId("dialog-close").click();
    await dialog.waitFor({ state: "detached" });
    await phone.go("me/phone");
    await phone.id("phone-state").filter({ hasText: "可以放心换手机" }).waitFor();
    const steps = await phone.id("phone-steps").innerText();
    assert.match(steps, /重新发一个邀请码/);
    assert.doesNotMatch(steps, /停用|同一个账号登录/, "there is nobody who could");
  });

  await t.test("a report gets its receipt and its number from the desk", async () => {
    await phone.hazard({ desc: "屋后边坡有新裂缝", level: "yellow", photos: [photo(1)] });
    await phone.synced();
    await desk.find("屋后边坡有新裂缝");
    await desk.act("register", { category: "cut_slope", subtype: "cut_slope.1", level: "yellow", duplicate_checked: true });
    await desk.reaches("registered");
    const number = desk.id("detail-number");
    await until("the official number", async () => /^青禾〔\d{4}〕隐字第00001号$/.test((await number.innerText()).trim()));
    await phone.reaches("屋后边坡有新裂缝", "已登记");
    await until("the phone shows the number", async () => (await phone.text()).includes("隐字第00001号"));
  });

  await t.test("a unit joins at a desk of its own, handles it, and the phone hears the result", async () => {
    const unit = { code: "yjb", name: "应急办" };
    const ticket = await invite(desk, { name: "吴海", user: "wuhai", role: "unit_handler", unit });
    const other = await deskAt(await browser.device(DESK), dav.pages);
    await other.id("login-join").click();
    await other.id("join-code").fill(ticket.link);
    await fillIn(other, ticket.digits);
    await other.id("sync-state").waitFor();
    await other.synced();
    await desk.find("屋后边坡有新裂缝");
    await desk.act("dispatch", { lead_unit: "yjb", text: "请三天内到场" });
    await other.find("屋后边坡有新裂缝");
    await other.act("claim", { related: false });
    await other.act("start");
    await other.act("finish", { text: "裂缝已填封", photo_after: photo(4), rect_result: "已整改" });
    await other.act("feed_back", { channel: "phone", text: "裂缝已处理，雨天请再看一看" });
    await phone.reaches("屋后边坡有新裂缝", "已反馈");
    assert.ok((await phone.text()).includes("雨天请再看一看"), "the reporter reads the result");
  });

  await t.test("a second record gets the next number; the lock opens with the person's own secret", async () => {
    await phone.hazard({ desc: "桥栏杆松动" });
    await phone.synced();
    await desk.go("me");
    await desk.id("sign-out").click();
    await desk.id("desk-login-user").fill("heyifan");
    await desk.id("desk-login-password").fill("not-this-one");
    await desk.id("desk-login-submit").click();
    await desk.id("desk-login-error").filter({ hasText: "口令不对" }).waitFor();
    await desk.id("desk-login-password").fill(SECRET);
    await desk.id("desk-login-submit").click();
    await desk.id("sync-state").waitFor();
    await desk.find("桥栏杆松动");
    await desk.act("register", { category: "cut_slope", subtype: "cut_slope.1", level: "blue", duplicate_checked: true });
    await until("the next number", async () => (await desk.id("detail-number").innerText()).includes("隐字第00002号"));
  });

  await t.test("a phone without a network takes a file that was made for it, and for nobody else", async () => {
    await phone.offlineReady();
    await phone.airplane(true);
    await phone.hazard({ desc: "没有信号时记的一条" });
    await desk.go("me");
    await desk.id("carry-reader").selectOption("zhouxiao");
    await desk.id("carry-for").click();
    const passphrase = await desk.id("carry-pass").innerText();
    const [download] = await Promise.all([desk.page.waitForEvent("download"), desk.id("carry-save").click()]);
    const file = await download.path();
    const open = async (screen) => {
      await screen.id("carry-file").setInputFiles(file);
      await screen.id("carry-words").fill(passphrase);
      await screen.id("carry-open").click();
      await screen.id("carry-hand-on").click();
    };
    await open(desk);
    await desk.id("carry-outcome").filter({ hasText: "给别人的" }).waitFor();
    await phone.go("me/carry");
    await open(phone);
    await phone.id("carry-outcome").filter({ hasText: "新收下" }).waitFor();
    await inspect(phone.page, "serverless-carried");
    assert.equal(await phone.unsent(), 1, "nothing of the file waits to be sent");
    await phone.openRecord("桥栏杆松动");
    assert.ok((await phone.text()).includes("隐字第00002号"), "the number came by hand");
    await phone.airplane(false);
    await phone.wake();
    await phone.synced();
    await desk.find("没有信号时记的一条");
  });

  await t.test("the township moves to a server under the same address; nothing is lost and numbers go on", async () => {
    await phone.offlineReady();
    await phone.airplane(true);
    await phone.hazard({ desc: "搬家那天没有信号" });
    await desk.go("me");
    await desk.synced();
    await desk.id("office-leave").click();
    await inspect(desk.page, "serverless-leave");
    await desk.id("confirm-yes").click();
    await desk.id("office-words").filter({ hasText: "还没有电脑编号和接收" }).waitFor();
    await desk.id("carry-all").check({ force: true });
    await desk.id("carry-make").click();
    const passphrase = await desk.id("carry-pass").innerText();
    const [download] = await Promise.all([desk.page.waitForEvent("download"), desk.id("carry-save").click()]);
    const server = await Server.adopt(await download.path(), passphrase, { admin: "heyifan", port: dav.port, before: () => dav.stop() });
    t.after(() => server.stop());

    // The same desk, under the same address: a password in the place of the secret.
    await desk.page.goto(`${server.origin}${server.invitation.replace("/#", "/desk/#")}`);
    await desk.id("invite-password").fill(PASSWORD);
    await desk.id("invite-again").fill(PASSWORD);
    await desk.id("invite-submit").click();
    await desk.id("sync-state").waitFor();
    await desk.synced();
    await desk.find("屋后边坡有新裂缝");
    assert.ok((await desk.id("detail-number").innerText()).includes("隐字第00001号"), "the number came along");

    await phone.airplane(false);
    const invitation = await server.invite("zhouxiao");
    await phone.page.goto(`${server.origin}${invitation}`);
    await phone.id("invite-password").fill(PASSWORD);
    await phone.id("invite-again").fill(PASSWORD);
    await phone.id("invite-submit").click();
    await phone.id("tab-home").waitFor();
    await phone.synced();
    await desk.find("搬家那天没有信号");
    await desk.act("register", { category: "cut_slope", subtype: "cut_slope.1", level: "blue", duplicate_checked: true });
    await until("the next number", async () => (await desk.id("detail-number").innerText()).includes("隐字第00003号"));
    await phone.reaches("搬家那天没有信号", "已登记");
    await inspect(phone.page, "serverless-moved");
  });

  assert.deepEqual(browser.complaints, [], "pages logged errors");
});
