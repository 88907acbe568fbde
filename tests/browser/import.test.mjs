// A sheet as a township sends it: a thousand households, seventeen rows spoilt. Checked, imported, taken back.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DESK } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

const ROWS = 1000;
const SPOILT = 17;

test("a thousand rows of which seventeen are bad", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "gridbook-sheets-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  execFileSync(process.env.GRIDBOOK_SERVER, ["demo-sheets", "--out", folder]);
  const sheet = (await readdir(folder)).find((name) => name.includes("有错"));

  const town = await Township.open();
  t.after(() => town.close());
  const steward = await Account.signIn(town.server.origin, "zhuangan01");
  const old = new Set((await steward.list("household")).map(({ id }) => id));
  const fresh = () => steward.list("household", ({ id }) => !old.has(id));
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  await desk.go("import");
  await desk.id("import-kind-households").click();

  await t.test("the check says what is good and what is wrong, row by row, and changes nothing", async () => {
    await desk.id("import-file").setInputFiles(join(folder, sheet));
    await desk.id("import-accept").waitFor();
    assert.equal(await desk.id("import-ok-count").innerText(), String(ROWS - SPOILT));
    // The row whose code stands twice in the file is told apart from those that cannot be read.
    const [wrong, double] = await Promise.all(
      ["import-bad-count", "import-duplicate-count"].map((name) => desk.id(name).innerText().then(Number)),
    );
    assert.deepEqual([wrong, double], [SPOILT - 1, 1]);
    const bad = desk.id("import-bad-row");
    const all = desk.page.locator("[data-testid=import-bad-row] td.num, [data-testid=import-duplicate-row] td.num");
    const rows = new Set(await all.allInnerTexts());
    assert.equal(rows.size, SPOILT, "each bad row by its number");
    const codes = new Set(await bad.evaluateAll((all) => all.map((row) => row.dataset.code)));
    for (const code of ["scientific_notation", "leading_zero_lost", "bad_date", "serial_date", "merged"]) {
      assert.ok(codes.has(code), `${code} is among ${[...codes]}`);
    }
    assert.deepEqual(await fresh(), []);
  });

  await t.test("the good rows are imported", async () => {
    await desk.id("import-accept").click();
    await desk.id("import-undo").waitFor();
    await desk.synced();
    const made = await until("all are at the server", async () => {
      const list = await fresh();
      return list.length >= ROWS - SPOILT && list;
    });
    assert.equal(made.length, ROWS - SPOILT);
    assert.equal(new Set(made.map(({ values }) => values.code)).size, ROWS - SPOILT);
    assert.ok(made.every(({ rejected }) => rejected === undefined));
  });

  await t.test("and taken back", async () => {
    await desk.id("import-undo").click();
    await desk.id("confirm-yes").click();
    await desk.id("import-file").waitFor();
    await desk.synced();
    const left = await until("none of them counts any more", async () => {
      const list = await fresh();
      return list.every(({ values }) => values.status === "cancelled") && list;
    });
    assert.equal(left.length, ROWS - SPOILT, "taken back, not erased");
  });
  town.noComplaints();
});
