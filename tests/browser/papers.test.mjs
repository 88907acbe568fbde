// A mediation file at the desk: opened for a dispute, filled in step by step, closed; its documents on paper and as .docx.
// One that is not fit for mediation is transferred.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { DESK } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { keep } from "./harness/look.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";
import { unzip } from "./harness/zip.mjs";

const DAY = 24 * 3600 * 1000;
/** A day in China, so many from today. */
const day = (days) => new Date(Date.now() + 8 * 3600 * 1000 + days * DAY).toISOString().slice(0, 10);

const CAPITAL = "壹万零叁拾元伍角整";
const small = { width: 400, height: 300 };

/** Answers that bring a file to its agreement: 4,000.50 and 6,030 yuan, the first of them late. */
const UNTIL_AGREED = {
  "edit-accept": { consent_all: "true", accepted_on: day(-12), intake_way: "on_site", photo_identity: photo(71, small) },
  "edit-parties": {
    "parties/0/side": "applicant", "parties/0/kind": "natural", "parties/0/id_no": "510000199001010018",
    "parties/1/side": "respondent", "parties/1/kind": "natural", "parties/1/name": "季大寒", "parties/1/id_no": "510000195506301234",
    "claims/0/claim": "赔偿家具损失",
  },
  "edit-assign": {
    "mediators/0/name": "柏立秋", "mediators/0/lead": "true", "mediators/0/recusal": "none",
    recorder: "路小雪", assigned_on: day(-12), told_on: day(-12),
  },
  "edit-investigate": {
    "investigations/0/kind": "talk", "investigations/0/side": "applicant", "investigations/0/record": "问：怎么进的水？答：沟断了。",
    "investigations/1/kind": "talk", "investigations/1/side": "respondent", "investigations/1/record": "问：沟是谁挖的？答：我请的挖机。",
    dispute_points: "损失怎样算，沟由谁修",
  },
  "edit-mediate": { "talks/0/at": `${day(-9)}T09:00`, "talks/0/way": "face", "talks/0/outcome": "written" },
  "edit-agreement": {
    agreement_kind: "written", agreed_on: day(-9), liability: "季大寒承担主要责任",
    "terms/0/term": "季大寒赔偿一万零三十元五角", "terms/1/term": "季大寒修复排水沟",
    "instalments/0/due": day(-5), "instalments/0/amount": "4000.5", "instalments/1/due": day(20), "instalments/1/amount": "6030",
  },
  "edit-sign": {
    signed_parties: "true", signed_mediator: "true", sealed: "true", copies: "3", photo_agreement: photo(72, small), payer: "季大寒",
  },
};

test("from a dispute to a closed volume", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuren01");
  const account = await Account.signIn(town.server.origin, "zhuren01");
  const { page } = desk;
  const allowance = () => desk.id("mediation-volume").locator(".section-head").innerText();
  const lacks = () => desk.id("volume-missing").evaluateAll((all) => all.map((one) => one.dataset.doc));

  /** Opens a file for a dispute. */
  async function begin(words) {
    await desk.go("mediation");
    await desk.id("mediation-open").click();
    const dispute = desk.id("open-dispute");
    await until("disputes are offered", async () => (await dispute.locator("option").count()) > 1);
    await dispute.selectOption({ label: await dispute.locator("option", { hasText: words }).innerText() });
    await desk.id("open-save").click();
    await desk.id("detail-title").filter({ hasText: words }).waitFor();
    await desk.id("mediation-steps").waitFor();
    await desk.synced();
  }

  await t.test("a file begins with what the dispute says", async () => {
    await begin("屋后通道纠纷");
    assert.equal(await desk.id("step-accept").getAttribute("data-state"), "current");
    await keep(page, "desk-mediation-new");
  });

  await t.test("what is typed is there again after the section was closed", async () => {
    await desk.id("edit-assign").click();
    await desk.id("field-recorder").fill("路小雪");
    await until("the draft is on the disk", () =>
      page.evaluate(async () => {
        const databases = await indexedDB.databases();
        const open = (name) => new Promise((done) => { indexedDB.open(name).onsuccess = ({ target }) => done(target.result); });
        const texts = [];
        for (const { name } of databases) {
          const database = await open(name);
          for (const store of database.objectStoreNames) {
            const all = await new Promise((done) => { database.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => done(target.result); });
            texts.push(...all.map((one) => (one instanceof Uint8Array ? new TextDecoder().decode(one) : JSON.stringify(one) ?? "")));
          }
          database.close();
        }
        return texts.some((text) => text.includes("路小雪"));
      }),
    );
    await page.locator("dialog[open]").getByTestId("dialog-close").click();
    await page.reload();
    await desk.id("edit-assign").click();
    await until("the draft is back", async () => (await desk.id("field-recorder").inputValue()) === "路小雪");
    await keep(page, "desk-mediation-section");
    await page.locator("dialog[open]").getByTestId("dialog-close").click();
  });

  await t.test("the eight steps are filled in at the desk", async () => {
    const names = await account.list("mediation").then(([file]) => file.values);
    const first = Object.entries(names).find(([path]) => /^parties\/.*\/name$/.test(path))[1];
    for (const [button, answers] of Object.entries(UNTIL_AGREED)) {
      await desk.fill(button, answers);
      if (button === "edit-parties") await desk.act("med_accept");
    }
    await desk.fill("edit-inform", {
      "notices/0/person": first, "notices/0/state": "signed", "notices/0/on": day(-10),
      "notices/1/person": "季大寒", "notices/1/state": "refused", "notices/1/on": day(-10),
    });
    await desk.act("med_agree");
    await desk.reaches("agreed");
  });

  await t.test("a late instalment is urged, and both sides can still go to the court", async () => {
    assert.match(await desk.id("mediation-sum").innerText(), new RegExp(`10,030\\.50 元，大写 ${CAPITAL}`));
    await desk.id("instalment-urged").click();
    await desk.id("instalment").filter({ hasText: "催过" }).waitFor();
    await page.locator(".banner", { hasText: "可以申请司法确认" }).waitFor();
    await desk.synced();
    await keep(page, "desk-mediation");
  });

  await t.test("the volume says what it lacks", async () => {
    const missing = await lacks();
    for (const doc of ["cover", "catalogue", "rights_notice", "agreement", "followup", "back"]) assert.ok(missing.includes(doc), `${doc} in ${missing}`);
    assert.match(await allowance(), /调解补贴：卷宗齐全后才有$/);
  });

  await t.test("documents are laid out, counted and printed", async () => {
    await desk.fill("edit-follow", { "follow_ups/0/on": day(-2), "follow_ups/0/mode": "phone", "follow_ups/0/person": "季大寒", "follow_ups/0/visitor": "柏立秋" });
    await desk.id("mediation-papers").click();
    const papers = desk.id("paper");
    await until("the whole volume is laid out", async () => (await papers.count()) >= 10);
    await until("pictures are there", async () => (await page.locator(".paper-photo").count()) >= 2);
    assert.ok((await page.locator('[data-doc="agreement"]').innerText()).includes(CAPITAL));
    await keep(page, "desk-papers");
    await desk.id("papers-count").click();
    await desk.synced();
    const total = await until("the catalogue counts all pages", async () => {
      const text = await page.locator('[data-doc="note"]').innerText();
      return Number(/本卷共\d+件(\d+)页/.exec(text)?.[1] ?? 0);
    });
    // As the button 打印 does: a sheet is printed when its pictures are there.
    await until("all pictures are read", async () => (await page.locator(".paper [data-coming]").count()) === 0);
    await page.evaluate(() => Promise.all([...document.querySelectorAll(".paper img")].map((image) => image.decode())));
    const file = await page.pdf({ preferCSSPageSize: true });
    const pages = file.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g).length;
    assert.equal(pages, total, "as many pages as the list in the volume says");
    assert.match(file.toString("latin1"), /\/MediaBox\s*\[\s*0 0 59[45]\S* 84[12]\S*\s*\]/, "A4");
  });

  await t.test("a .docx of the agreement is whole and says the amount in capitals", async () => {
    await desk.id("paper-choice").selectOption("agreement");
    await until("one document is shown", async () => (await desk.id("paper").count()) === 1);
    const waiting = page.waitForEvent("download");
    await desk.id("papers-docx").click();
    const parts = unzip(await readFile(await (await waiting).path()));
    const text = parts.get("word/document.xml").toString("utf8");
    const faults = await page.evaluate(
      (all) => all.filter((xml) => new DOMParser().parseFromString(xml, "application/xml").querySelector("parsererror")),
      [...parts].filter(([name]) => /\.(xml|rels)$/.test(name)).map(([, bytes]) => bytes.toString("utf8")),
    );
    assert.deepEqual(faults, [], "every part is XML");
    assert.ok(text.includes(CAPITAL) && text.includes("10,030.50"));
    assert.ok([...parts.keys()].some((name) => name.startsWith("word/media/")), "the signed paper is in it");
  });

  await t.test("the text of a document is edited before printing, and generated again", async () => {
    const words = "双方到村委会当面结清，不再追究。";
    await desk.id("paper-edit").click();
    await desk.id("paper-text").first().fill(words);
    await keep(page, "desk-paper-edit");
    await desk.id("paper-save").click();
    await desk.id("paper").filter({ hasText: words }).waitFor();
    await page.locator('[data-testid=paper-edited][data-edited="true"]').waitFor();
    const waiting = page.waitForEvent("download");
    await desk.id("papers-docx").click();
    const parts = unzip(await readFile(await (await waiting).path()));
    assert.ok(parts.get("word/document.xml").toString("utf8").includes(words), "what was edited is what is written");
    await keep(page, "desk-paper-edited");
    await desk.id("paper-restore").click();
    await page.locator("dialog[open] .btn-primary").click();
    await page.locator('[data-testid=paper-edited][data-edited="false"]').waitFor();
    assert.equal(await desk.id("paper").filter({ hasText: words }).count(), 0);
    await desk.synced();
  });

  await t.test("the volume is closed", async () => {
    await page.goBack();
    await page.goBack();
    await desk.id("edit-archive").waitFor();
    await desk.fill("edit-archive", {
      volume_no: "2026-1", retention: "long", store_place: "调委会档案柜", compiled_by: "柏立秋", checked_by: "郝小暑",
    });
    await until("nothing is missing", async () => (await lacks()).length === 0);
    // By difficulty: nobody said how hard it was, then somebody does.
    assert.match(await allowance(), /调解补贴：50 元$/);
    await desk.fill("edit-scope", { difficulty: "complex" });
    await until("it is computed anew", async () => /调解补贴：300 元$/.test(await allowance()));
    await desk.act("med_archive");
    await desk.reaches("archived");
    await keep(page, "desk-mediation-closed");
    assert.equal(await desk.id("edit-archive").count(), 0, "a closed volume is not written to");
  });

  await t.test("what is not fit for mediation is not accepted but transferred, and the file says to whom", async () => {
    const told = page.locator(".banner", { hasText: "不宜调解，要移送" });
    await begin("檐水滴落纠纷");
    await desk.fill("edit-accept", { consent_all: "true", accepted_on: day(0), intake_way: "on_site" });
    assert.equal(await told.count(), 0);
    await desk.fill("edit-accept", { not_fit: "minor_abuse" });
    await told.waitFor();
    assert.match(await told.innerText(), /侵害未成年人：移送派出所，同时告知民政和妇联/);
    await desk.id("action-med_accept").click();
    await desk.id("action-save").click();
    const dialog = page.locator("dialog[open]");
    await dialog.getByText("不宜调解的请移送").waitFor();
    await dialog.getByTestId("dialog-close").click();
    assert.equal(await desk.state(), "applied", "it is not mediated");
    await keep(page, "desk-mediation-unfit");
    await desk.act("med_transfer", { body: "柳溪派出所", basis: "人民调解工作若干规定（虚构）", receipt_by: day(3) });
    await desk.reaches("transferred");
    const history = await desk.id("timeline").innerText();
    for (const words of ["柳溪派出所", "人民调解工作若干规定（虚构）", day(3)]) {
      assert.ok(history.includes(words), `the file says: ${words}`);
    }
    assert.equal(await told.count(), 0, "nothing more to do");
    assert.equal(await desk.id("edit-accept").count(), 0, "what went elsewhere is not written to");
  });
  town.noComplaints();
});
