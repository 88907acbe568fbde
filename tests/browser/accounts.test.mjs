// How somebody new comes in, changes the password, and gets back in after forgetting it.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const USER = "miao.xinhe";
const NAME = "苗新禾";
const AREA = "510000100201002";
const SHEET = `账号,姓名,手机号,角色,负责区域编码\n${USER},${NAME},19900100901,村务助理,${AREA}\n`;
const [FIRST, SECOND, THIRD] = ["shui-ku-bian", "lao-huai-shu", "qing-shi-ban"];
const DEAD = /邀请码不对、已用过或已过期/;

/** Fills in the page behind an invitation. */
async function take(phone, password, again = password) {
  await phone.id("invite-password").fill(password);
  await phone.id("invite-again").fill(again);
  await phone.id("invite-submit").click();
}

/** What the page says is wrong. */
async function wrong(phone, words) {
  await phone.id("form-error").filter({ hasText: words }).waitFor();
}

/** Waits until a phone knows that its session is over. */
async function signedOut(phone) {
  const lamp = phone.id("lamp");
  await until("the phone asks for a new sign-in", async () => {
    await phone.wake();
    return (await lamp.innerText()).includes("要重新登录");
  });
}

test("invited, at work, another password, a forgotten one", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const device = () => town.browser.device(PHONE);
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  const card = desk.id("invite-card");
  let [early, link, phone] = [];

  await t.test("an administrator adds somebody and gets a link with its QR", async () => {
    await desk.go("import");
    await desk.id("import-kind-staff").click();
    await desk.id("import-file").setInputFiles({ name: "人员.csv", mimeType: "text/csv", buffer: Buffer.from(SHEET) });
    await desk.id("import-accept").click();
    await desk.id("import-invite").click();
    await card.waitFor();
    assert.ok((await card.innerText()).includes(NAME));
    await card.getByRole("img", { name: "邀请二维码" }).waitFor();
    early = await card.getAttribute("data-link");
    assert.ok(early.startsWith(`${town.origin}/#/invite/`), early);
    await inspect(desk.page, "desk-invite-imported");
    await desk.synced();
  });

  await t.test("among the staff there is another one, which ends the one before", async () => {
    await desk.go("staff");
    await desk.id("staff-search").fill(USER);
    const row = desk.id("staff-row").filter({ hasText: NAME });
    assert.ok((await row.innerText()).includes("还没有设密码"));
    await row.getByTestId("staff-invite").click();
    await card.waitFor();
    link = await card.getAttribute("data-link");
    assert.notEqual(link, early);
    assert.equal(await card.getByTestId("invite-link").innerText(), link, "it can be read and sent on");
    assert.match(await card.innerText(), /只能用一次/);
    await inspect(desk.page, "desk-invite");
    await desk.page.locator("dialog[open]").getByTestId("dialog-close").click();
    await wrong(await Phone.at(await device(), early), DEAD);
  });

  await t.test("a unit has a kind, a phone and a head", async () => {
    await desk.id("unit-new").click();
    const fill = async (answers) => {
      for (const [path, value] of Object.entries(answers)) await desk.id(`ask-${path}`).fill(value);
      await desk.id("ask-save").click();
    };
    const gone = () => until("the dialog has closed", async () => (await desk.id("ask-save").count()) === 0);
    await desk.id("ask-group").selectOption("public_service");
    await fill({ code: "nyfwzx", name: "农业服务中心", phone: "123" });
    await desk.id("ask-error").filter({ hasText: "电话号码不对" }).waitFor();
    await inspect(desk.page, "desk-unit");
    await fill({ phone: "0838-2345188" });
    await gone();
    const row = desk.page.locator('[data-testid=unit-row][data-code="nyfwzx"]');
    await row.filter({ hasText: "农业服务中心" }).waitFor();
    await row.getByTestId("unit-edit").click();
    await fill({ head: "钟小满" });
    await gone();
    await row.filter({ hasText: "钟小满" }).waitFor();
    await inspect(desk.page, "desk-units");
    await desk.synced();
  });

  await t.test("a fresh phone opens the link and is at work in its own grid", async () => {
    phone = await Phone.at(await device(), link);
    await phone.id("invite-name").filter({ hasText: NAME }).waitFor();
    await inspect(phone.page, "phone-invite");
    await take(phone, FIRST, SECOND);
    await wrong(phone, "两次填写的密码不一样");
    await take(phone, "short");
    await wrong(phone, "密码至少 8 位");
    await take(phone, USER);
    await wrong(phone, "密码太容易猜到");
    await take(phone, FIRST);
    await phone.id("tab-home").waitFor();
    await phone.synced();
    const account = await Account.signIn(town.server.origin, USER, FIRST);
    const own = await account.list("household");
    assert.ok(own.length > 50 && own.every(({ area }) => area.startsWith(AREA)));
    assert.equal(await phone.householdCount(), own.length);
    await phone.go("me");
    assert.equal(await phone.id("me-name").innerText(), NAME);
  });

  await t.test("the link has worked once and says so from now on", async () => {
    const second = await Phone.at(await device(), link);
    await wrong(second, DEAD);
    await inspect(second.page, "phone-invite-used");
    await take(second, SECOND);
    await wrong(second, DEAD);
    assert.equal(await second.id("lamp").count(), 0, "nobody is signed in there");
    await Account.signIn(town.server.origin, USER, FIRST);
  });

  const other = await Phone.open(await device(), town.origin, USER, FIRST);

  await t.test("another password: not without the old one", async () => {
    await phone.go("me/password");
    const fill = async (old, fresh) => {
      await phone.id("password-old").fill(old);
      await phone.id("password-new").fill(fresh);
      await phone.id("password-again").fill(fresh);
      await phone.id("password-submit").click();
    };
    await fill(THIRD, SECOND);
    await wrong(phone, "原密码不对");
    await inspect(phone.page, "phone-password-wrong");
    await fill(FIRST, SECOND);
    await phone.id("toast").filter({ hasText: "密码已改好" }).waitFor();
    await phone.hazard({ desc: "改过密码的手机照常上报" });
    await phone.synced();
    await assert.rejects(Account.signIn(town.server.origin, USER, FIRST), /401/);
  });

  await t.test("elsewhere the session is over, and nothing is lost", async () => {
    await signedOut(other);
    await other.hazard({ desc: "登录过期时记下的一条" });
    assert.equal(await other.unsent(), 1);
    await inspect(other.page, "phone-expired");
    await other.page.getByRole("link", { name: "重新登录", exact: true }).click();
    await other.signIn(USER, FIRST);
    await wrong(other, "账号或密码不对");
    await other.signIn(USER, SECOND);
    await other.id("tab-home").waitFor();
    await other.synced();
    const account = await Account.signIn(town.server.origin, USER, SECOND);
    for (const words of ["改过密码的手机", "登录过期时记下"]) {
      assert.equal((await account.list("hazard", ({ values }) => values.desc?.includes(words))).length, 1, words);
    }
  });

  await t.test("forgotten: the administrator's link sets another one and ends all sessions", async () => {
    await desk.go("me");
    // Her own: a slip of the finger is not sent.
    for (const [id, text] of [["me-old", FIRST], ["me-new", SECOND], ["me-again", THIRD]]) await desk.id(id).fill(text);
    await desk.id("me-password").click();
    await desk.id("me-password-error").filter({ hasText: "两次填写的新密码不一样" }).waitFor();
    await desk.go("staff");
    await desk.id("staff-search").fill(USER);
    const button = desk.id("staff-row").filter({ hasText: NAME }).getByTestId("staff-invite");
    assert.match(await button.innerText(), /重置密码/);
    await button.click();
    await card.waitFor();
    const reset = await card.getAttribute("data-link");
    // Nothing has happened to the account yet.
    await Account.signIn(town.server.origin, USER, SECOND);
    const third = await Phone.at(await device(), reset);
    await third.id("invite-name").filter({ hasText: NAME }).waitFor();
    await take(third, THIRD);
    await third.id("tab-home").waitFor();
    await third.synced();
    assert.equal((await third.records("登录过期时记下")).length, 1, "the records came to the new phone");
    await assert.rejects(Account.signIn(town.server.origin, USER, SECOND), /401/);
    await signedOut(phone);
    await signedOut(other);
  });
  town.noComplaints();
});
