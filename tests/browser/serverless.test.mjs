// A township without a server: Apache serves the pages and keeps the share, a desk is the authority, people join by
// invitation, and what has no network travels as a file.

import assert from "node:assert/strict";
import test from "node:test";
import { Browser, DESK, PHONE } from "./harness/browser.mjs";
import { ACCOUNT, Dav } from "./harness/dav.mjs";
import { Desk } from "./harness/desk.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { until } from "./harness/wait.mjs";

const SECRET = "qinghe-26";

async function deskAt(context, origin) {
  const desk = new Desk();
  Object.assign(desk, { context, origin, user: "desk" });
  desk.page = await context.newPage();
  await desk.page.goto(`${origin}/desk/`);
  return desk;
}

/** Founds the township, as a person does who reads what it cannot do first. */
async function found(desk) {
  await desk.id("login-found").click();
  await desk.id("found-limits").filter({ hasText: "不能按网格或岗位分权限" }).waitFor();
  await desk.id("found-name").fill("青禾镇");
  await desk.id("found-code").fill("510000100");
  await desk.id("found-villages").fill("柳溪村\n石桥村");
  await desk.id("found-person").fill("何一凡");
  await desk.id("found-user").fill("heyifan");
  await desk.id("found-secret").fill(SECRET);
  await desk.id("found-again").fill("something-else");
  await desk.id("found-submit").click();
  await desk.id("form-error").filter({ hasText: "两次填写的口令不一样" }).waitFor();
  await desk.id("found-again").fill(SECRET);
  await inspect(desk.page, "serverless-found");
  await desk.id("found-submit").click();
  await desk.id("office-words").filter({ hasText: "由这台电脑编号和接收" }).waitFor();
}

async function moveToShare(desk, address) {
  await desk.id("backend-webdav").check({ force: true });
  await desk.id("backend-address").fill(address);
  await desk.id("backend-user").fill(ACCOUNT.user);
  await desk.id("backend-password").fill(ACCOUNT.password);
  await desk.id("backend-test").click();
  await desk.id("backend-verdict").filter({ hasText: "可以用" }).waitFor();
  await desk.id("backend-take").click();
  await desk.id("confirm-yes").click();
  await desk.id("backend-now").filter({ hasText: "WebDAV" }).waitFor();
  await desk.synced();
}

/** Adds a person to the directory and makes the invitation: its link and its digits. */
async function invite(desk, { name, user, role, area, unit }) {
  await desk.go("staff");
  const form = desk.id("staff-new");
  if ((await form.getAttribute("open")) === null) await form.locator("summary").click();
  await desk.id("staff-name").fill(name);
  await desk.id("staff-user").fill(user);
  await desk.id("staff-role").selectOption(role);
  await desk.id("staff-area").selectOption(area ?? "");
  if (unit) {
    await desk.id("staff-unit").fill(unit.code);
    await desk.id("staff-unit-name").fill(unit.name);
  }
  await desk.id("staff-save").click();
  const row = desk.page.locator(`[data-testid="staff-row"][data-user="${user}"]`);
  await row.getByTestId("staff-invite").click();
  const link = await desk.id("invite-link").innerText();
  const digits = await desk.id("invite-digits").innerText();
  assert.match(digits, /^\d{4}-\d{4}-\d{4}$/);
  await inspect(desk.page, `serverless-invite-${user}`);
  await desk.page.keyboard.press("Escape");
  await desk.synced();
  return { link, digits };
}

async function fillIn(screen, digits) {
  await screen.id("join-digits").fill(digits);
  await screen.id("join-secret").fill(SECRET);
  await screen.id("join-again").fill(SECRET);
  await screen.id("join-submit").click();
}

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
    await other.act("claim");
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

  assert.deepEqual(browser.complaints, [], "pages logged errors");
});
