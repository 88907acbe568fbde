// A township without a server, as its people set it up: founded at a desk, moved to a share, joined by invitation.

import assert from "node:assert/strict";
import { ACCOUNT } from "./dav.mjs";
import { Desk } from "./desk.mjs";
import { inspect } from "./look.mjs";

export const SECRET = "qinghe-26";

export async function deskAt(context, origin) {
  const desk = new Desk();
  Object.assign(desk, { context, origin, user: "desk" });
  desk.page = await context.newPage();
  await desk.page.goto(`${origin}/desk/`);
  return desk;
}

/** Founds the township, as a person does who reads what it cannot do first. */
export async function found(desk) {
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

export async function moveToShare(desk, address) {
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
export async function invite(desk, { name, user, role, area, unit }) {
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

export async function fillIn(screen, digits) {
  await screen.id("join-digits").fill(digits);
  await screen.id("join-secret").fill(SECRET);
  await screen.id("join-again").fill(SECRET);
  await screen.id("join-submit").click();
}
