// What a township changes by itself, and the tables that are made of all records.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";
import { unzip } from "./harness/zip.mjs";

/** A package file with an item and a form of its own, as somebody edits it; without `honest` its checksum is left as it was. */
function withBees(text, { honest = true, form = true } = {}) {
  const { gridbook_package, sha256, data } = JSON.parse(text);
  const general = data.forms.find(({ id }) => id === "F-GENERAL");
  if (form) data.forms.push({ ...structuredClone(general), id: "F-BEES", version: 1, title: "蜂箱登记" });
  data.catalogue.items.push({ ...structuredClone(data.catalogue.items[0]), code: "X11", id: "bees", name: "蜂箱摸底", form: "F-BEES" });
  const inside = JSON.stringify(data);
  const sum = honest ? createHash("sha256").update(inside).digest("hex") : sha256;
  const whole = `{"gridbook_package":${gridbook_package},"sha256":"${sum}","data":${inside}}`;
  return { name: "package.json", mimeType: "application/json", buffer: Buffer.from(whole) };
}

test("a township's own rules", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
  const { page } = desk;

  await t.test("a calendar is looked at before it is taken in", async () => {
    await desk.go("rules/calendar");
    const next = new Date().getFullYear() + 1;
    const line = desk.page.locator(`[data-testid=calendar-year][data-year="${next}"]`);
    await line.filter({ hasText: "估算" }).waitFor();
    await desk.id("calendar-text").fill(`${next}-01-01 休\n${next}-13-40 休`);
    await desk.id("calendar-check").click();
    await desk.id("calendar-failure").filter({ hasText: "第 2 行" }).waitFor();
    const days = Array.from({ length: 14 }, (_, n) => `${next}-05-${String(n + 1).padStart(2, "0")},休`);
    await desk.id("calendar-text").fill(["日期,类型", ...days].join("\n"));
    await desk.id("calendar-check").click();
    await desk.id("calendar-preview").filter({ hasText: "放假 14 天" }).waitFor();
    await keep(page, "desk-calendar");
    await desk.id("calendar-save").click();
    await line.filter({ hasText: "有日历" }).waitFor();
    await desk.synced();
  });

  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  let exported;
  await t.test("the package goes out as one file", async () => {
    await desk.go("rules/package");
    const waiting = page.waitForEvent("download");
    await desk.id("package-export").click();
    exported = await readFile(await (await waiting).path(), "utf8");
    const { sha256, data } = JSON.parse(exported);
    assert.equal(createHash("sha256").update(exported.slice(exported.indexOf('"data":') + 7, -1)).digest("hex"), sha256);
    assert.ok(data.catalogue.items.length > 40);
  });

  await t.test("a file that does not hold together is not published", async () => {
    await desk.id("package-file").setInputFiles(withBees(exported, { form: false }));
    await desk.id("package-faults").waitFor();
    assert.equal(await desk.id("package-publish").count(), 0);
    await desk.id("package-file").setInputFiles(withBees(exported, { honest: false }));
    await desk.id("package-preview").filter({ hasText: "校验和与内容不符" }).waitFor();
    assert.equal(await desk.id("package-publish").count(), 1, "whoever edited it knows");
  });

  await t.test("a new item with a new form reaches a phone without a build", async () => {
    await desk.id("package-file").setInputFiles(withBees(exported));
    await until("the changes are listed", async () => (await desk.id("package-change").count()) === 2);
    await keep(page, "desk-package");
    await desk.id("package-publish").click();
    await desk.synced();
    await nudged("the phone offers the item", () => phone.wake(), async () => {
      await phone.go("");
      await phone.go("items");
      return (await phone.id("item-row").filter({ hasText: "蜂箱摸底" }).count()) > 0;
    });
    await phone.go("item/bees/new");
    await phone.id("field-facts").fill("坡上有三十箱蜂");
    await phone.saveReport();
    await phone.synced();
    const account = await Account.signIn(town.server.origin, "zhuren01");
    const [report] = await until("the report is at the server", async () => {
      const found = await account.list("matter", ({ values }) => values.facts === "坡上有三十箱蜂");
      return found.length > 0 && found;
    });
    assert.equal(report.rejected, undefined);
  });

  await t.test("a theme is begun for one village, ended, and gone from its phones", async () => {
    await desk.go("rules/themes");
    await desk.id("theme-new").click();
    await desk.id("theme-label").fill("蜂箱大排查");
    await desk.id("theme-item").selectOption("bees");
    await desk.id("theme-save").click();
    // In the dialog itself: what is said behind it reaches nobody.
    await page.locator("dialog[open]").getByTestId("dialog-wrong").filter({ hasText: "要写到哪天止" }).waitFor();
    await desk.id("theme-to").fill(new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10));
    await page.locator("label.chip", { has: desk.id("theme-area-510000100201") }).click();
    await keep(page, "desk-theme");
    await desk.id("theme-save").click();
    const row = desk.id("theme-row").filter({ hasText: "蜂箱大排查" });
    await row.filter({ hasText: "进行中" }).waitFor();
    await desk.synced();
    await keep(page, "desk-themes");
    const shown = async () => {
      await phone.go("items");
      await phone.go("");
      await phone.id("home-theme").first().waitFor();
      return phone.id("home-theme").filter({ hasText: "蜂箱大排查" }).count();
    };
    await nudged("the phone shows the theme", () => phone.wake(), async () => (await shown()) > 0);
    await row.getByTestId("theme-end").click();
    await desk.id("confirm-yes").click();
    await row.filter({ hasText: "已结束" }).waitFor();
    await desk.synced();
    await nudged("the theme is gone", () => phone.wake(), async () => (await shown()) === 0);
  });

  await t.test("what comes switched off is switched on", async () => {
    const row = page.locator("[data-testid=carrier-row][data-id=idle_land]");
    await row.getByTestId("carrier-switch").click();
    await page.locator("[data-testid=carrier-row][data-id=idle_land][data-on=true]").waitFor();
    await desk.synced();
    await nudged("the phone offers it", () => phone.wake(), async () => {
      await phone.go("");
      await phone.go("items");
      return (await phone.id("item-row").filter({ hasText: "闲置用地线索" }).count()) > 0;
    });
  });

  await t.test("the township's words for the way are chosen and published", async () => {
    await desk.go("rules/package");
    await desk.id("package-skin").selectOption("five_loop");
    await desk.synced();
    await desk.go("rules/calendar");
    await desk.go("rules/package");
    await until("the choice counts", async () => (await desk.id("package-skin").inputValue()) === "five_loop");
  });

  await t.test("limits of disputes and rates of the subsidy are chosen and published", async () => {
    await desk.go("rules/limits");
    await desk.id("limits-dispute").selectOption("SM7");
    await desk.id("limits-since").waitFor();
    await desk.synced();
    await desk.go("rules/calendar");
    await desk.go("rules/limits");
    await until("the choice counts", async () => (await desk.id("limits-dispute").inputValue()) === "SM7");
    await desk.id("subsidy-general").fill("180");
    await desk.id("subsidy-save").click();
    await desk.id("toast").filter({ hasText: "新的标准" }).first().waitFor();
    await desk.synced();
    await desk.go("rules/calendar");
    await desk.go("rules/limits");
    await until("the rate counts", async () => (await desk.id("subsidy-general").inputValue()) === "180");
    await keep(page, "desk-limits");
  });

  await t.test("the province's table has its nineteen classes, and entries their ledger", async () => {
    await desk.go("books/monthly");
    await desk.id("books-table").first().waitFor();
    const lines = await desk.id("books-table").first().locator("tbody tr").count();
    assert.equal(lines, 20, "nineteen and their sum");
    await desk.go("ledger");
    await desk.id("ledger-tab-entry").click();
    await page.locator("[data-testid=ledger-row], [data-testid=blank-search]").first().waitFor();
    await keep(page, "desk-ledger-entry");
  });

  await t.test("figures reconcile and go out", async () => {
    await desk.go("books/balance");
    await desk.id("books-note").filter({ hasText: "账是平的" }).waitFor();
    const rows = await desk.id("books-row").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText)));
    for (const [name, opening, fresh, closed, left] of rows) {
      assert.equal(Number(opening) + Number(fresh), Number(closed) + Number(left), name);
    }
    assert.ok(Number(rows.find(([name]) => name === "合计")[2]) > 0, "the demo has hazards");
    const waiting = page.waitForEvent("download");
    await desk.id("books-xlsx").click();
    const sheet = unzip(await readFile(await (await waiting).path()));
    assert.ok([...sheet.keys()].some((name) => name.endsWith("sheet1.xml")));
    await keep(page, "desk-balance");
    for (const tab of ["points", "campaigns", "coverage", "mediation", "monthly", "subsidy", "units", "areas"]) {
      await desk.id(`books-tab-${tab}`).click();
      await page.locator("[data-testid=books-table], [data-testid=blank-search]").first().waitFor();
      await keep(page, `desk-${tab}`);
    }
  });

  await t.test("a hand-over begins with what there is", async () => {
    await desk.go("handover");
    await desk.id("handover-start").click();
    await desk.id("handover-from").selectOption("zhuli01");
    await desk.id("handover-to").selectOption("zhuli02");
    await desk.id("handover-area").selectOption("510000100201001");
    await desk.id("handover-count").waitFor();
    await keep(page, "desk-handover-start");
    await desk.id("handover-save").click();
    await until("the list is shown", async () => (await desk.id("handover-item").count()) > 10);
    await desk.synced();
    assert.match(await desk.id("handover-words").innerText(), /等接手人核对/);
    await keep(page, "desk-handover");
  });
  town.noComplaints();
});
