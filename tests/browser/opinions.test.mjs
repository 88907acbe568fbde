// What somebody said on a visit: written down on a phone, answered at the desk, and back on the phone of whoever heard it.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const SAID = "村口的便道下雨就积水，想垫高一些";
const REPLY = "列入六月的修路计划";

test("an opinion from a visit", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  let visit;

  await t.test("it is written down on the visit", async () => {
    await phone.go("visit/new");
    await phone.pickHousehold();
    await phone.id("field-met-head").click();
    await phone.id("form-next").click();
    await phone.id("no-change").click();
    await phone.id("field-well_being-good").click();
    await phone.id("six-ok").click();
    await phone.id("more-requests").click();
    await phone.id("add-suggestions").click();
    await phone.id("field-suggestions/0/kind-infrastructure").click();
    await phone.id("field-suggestions/0/content").fill(SAID);
    await phone.saveReport();
    visit = phone.page.url().split("/saved/")[1].split("?")[0];
    await phone.synced();
  });

  await t.test("it stands in the ledger and is answered there", async () => {
    await desk.go("books/opinions");
    const line = desk.id("books-row").filter({ hasText: SAID });
    await nudged("the ledger has it", () => desk.wake(), async () => (await line.count()) === 1);
    assert.match(await line.innerText(), /还没有答复/);
    const mine = desk.id("opinions-waiting").locator("li", { hasText: SAID });
    await mine.getByTestId("opinion-answer").click();
    await desk.id("opinion-adopted").selectOption("yes");
    await desk.id("opinion-reply").fill(REPLY);
    await keep(desk.page, "desk-opinion");
    await desk.id("opinion-save").click();
    await until("it is adopted", async () => /采纳/.test(await line.innerText()) && (await line.innerText()).includes(REPLY));
    assert.equal(await mine.count(), 0);
    await keep(desk.page, "desk-opinions");
    await desk.synced();
  });

  await t.test("whoever heard it has the answer to pass on", async () => {
    await nudged("the phone shows the answer", () => phone.wake(), async () => {
      await phone.go(`record/${visit}`);
      return (await phone.id("opinion-answers").filter({ hasText: REPLY }).count()) === 1;
    });
    await keep(phone.page, "phone-opinion");
  });

  await t.test("the desk says how its figures are counted", async () => {
    await desk.go("books/coverage");
    await desk.id("books-meanings").locator("summary").click();
    await desk.id("books-meanings").filter({ hasText: "每百次带出上报" }).waitFor();
    await keep(desk.page, "desk-coverage-meanings");
  });

  await t.test("who made visits stands by name, and a household counts once", async () => {
    const people = desk.page.getByRole("region", { name: "走访人次" });
    await people.waitFor();
    const rows = await people.getByTestId("books-row").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText)));
    const [total, ...by] = rows.reverse();
    assert.match(total[0], /合计/);
    assert.ok(by.length > 0 && by.every(([, made, alone, together]) => Number(made) === Number(alone) + Number(together)));
    assert.ok(Number(total[4]) >= 1 && Number(total[4]) <= by.reduce((sum, row) => sum + Number(row[4]), 0), "no household twice");
  });
  town.noComplaints();
});
