// What is done about a case: whoever handles it writes it down, at the desk or on a phone without a network, and whoever
// reported it reads it. Where a level rose after the report, the picture of before is asked for.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const CRACK = "晒坝边的挡墙裂了一道缝";
const NUMBER = "整改〔2026〕003号";

/** A day in China, so many from today. */
const day = (days) => new Date(Date.now() + (8 + 24 * days) * 3_600_000).toISOString().slice(0, 10);

test("whoever handles a case says what is done about it", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const at = (user) => town.browser.device(DESK).then((context) => Desk.open(context, town.origin, user));
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  const [intake, dispatcher, unit] = [await at("dengji01"), await at("fenpai01"), await at("yjb01")];

  await t.test("a level that rises at the registration asks for the picture of before; intake corrects the report", async () => {
    await phone.hazard({ desc: CRACK, place: "一组晒坝", level: "blue" });
    await phone.synced();
    await intake.find(CRACK);
    assert.equal(await intake.id("lacks-before").count(), 0, "blue needs none");
    await intake.act("register", { category: "cut_slope", subtype: "cut_slope.1", level: "yellow", duplicate_checked: true });
    await intake.reaches("registered");
    await intake.id("lacks-before").waitFor();
    assert.equal(await intake.id("handling").count(), 0, "who registers does not handle");
    await intake.fill("fill-quick", { address_text: "一组晒坝东头" });
    await intake.id("detail").filter({ hasText: "一组晒坝东头" }).waitFor();
    await phone.reaches(CRACK, "已登记");
    await phone.id("lacks-before").waitFor();
    assert.equal(await phone.id("record-handling").count(), 0);
  });

  await t.test("the unit writes down the picture, the notice and what keeps people away", async () => {
    await dispatcher.find(CRACK);
    await dispatcher.act("dispatch", { lead_unit: "yjb" });
    await unit.find(CRACK);
    await unit.reaches("dispatched");
    assert.equal(await unit.id("handling").count(), 0, "not before it is claimed");
    await unit.act("claim", { related: false });
    await unit.id("handling").waitFor();
    await unit.fill("fill-before", { photo_before: photo(31) });
    await until("nothing is missing", async () => (await unit.id("lacks-before").count()) === 0);
    await unit.fill("fill-notice", {
      rect_notice: "true", rect_notice_no: NUMBER, rect_notice_deadline: day(5), expected_done: day(6),
    });
    await unit.fill("fill-on_spot", {
      on_spot_result: "controlled", "control_measures/0/measure": "warning", "control_measures/0/owner": "周桂兰",
    });
    for (const words of [NUMBER, day(5), "周桂兰"]) await unit.id("handling").filter({ hasText: words }).waitFor();
    await keep(unit.page, "desk-handling");
    await unit.id("paper-rect_notice").click();
    const paper = unit.page.locator('[data-testid="paper"][data-doc="rect_notice"]');
    await paper.filter({ hasText: `编号：${NUMBER}` }).waitFor();
    const [year, month, date] = day(5).split("-").map(Number);
    assert.ok((await paper.innerText()).includes(`${year}年${month}月${date}日前完成整改`), "the notice says until when");
  });

  await t.test("on a phone without a network the same sections are filled in; the reporter reads them", async () => {
    const township = await Account.signIn(town.server.origin, "zhuren01");
    const [hazard] = await township.list("hazard", (record) => record.values.desc === CRACK);
    const second = await Phone.open(await town.browser.device(PHONE), town.origin, "yjb01");
    await second.go(`record/${hazard.id}`);
    await second.id("record-handling").waitFor();
    await second.offlineReady();
    await second.airplane(true);
    await second.id("record-handling").click();
    // 现场处置, 整改通知, 整改方案.
    await second.id("field-on_spot_result-controlled").waitFor();
    await second.id("form-next").click();
    assert.equal(await second.id("field-rect_notice_no").inputValue(), NUMBER);
    await second.id("form-next").click();
    await second.id("field-plan_owner").fill("秦白露");
    await second.id("field-plan_measures").fill("先支护，再重砌");
    await keep(second.page, "phone-handling");
    await second.id("form-save").click();
    await second.id("record-handling").waitFor();
    await until("the phone shows the plan", async () => (await second.text()).includes("先支护，再重砌"));
    await second.airplane(false);
    await second.synced();
    await phone.openRecord(CRACK);
    for (const words of ["先支护，再重砌", "秦白露", NUMBER]) {
      await nudged(`the reporter reads ${words}`, () => phone.wake(), async () => (await phone.text()).includes(words));
    }
    assert.equal(await phone.id("record-handling").count(), 0, "who reported does not handle");
  });

  await t.test("who calls at the centre is written down there; what holds two matters is split", async () => {
    const CALL = "杂物间电线裸露，院墙也歪了";
    await intake.id("nav-queue").click();
    await intake.id("entry-new").click();
    await intake.id("entry-power_gas_hazard").click();
    // The call before ended in the middle: what was written down is there, and does not become this one's.
    await intake.id("field-desc").fill("说了一半电话断了");
    await intake.id("nav-queue").click();
    await intake.id("entry-new").click();
    await intake.id("entry-power_gas_hazard").click();
    await intake.id("entry-restored").waitFor();
    assert.equal(await intake.id("field-desc").inputValue(), "说了一半电话断了");
    await keep(intake.page, "desk-entry-restored");
    await intake.id("entry-clear").click();
    await intake.page.locator("dialog[open]").getByTestId("confirm-yes").click();
    await intake.id("entry-restored").waitFor({ state: "detached" });
    await until("the form is empty", async () => (await intake.id("field-desc").inputValue()) === "");
    await intake.id("field-desc").fill(CALL);
    await intake.id("field-level-blue").click();
    await intake.id("entry-save").click();
    // Where it came from is asked first, then where it is.
    await intake.page.locator(".banner", { hasText: "来源" }).waitFor();
    await intake.id("field-source").selectOption("hotline");
    await intake.id("entry-area").selectOption({ index: 1 });
    await intake.id("entry-save").click();
    await intake.reaches("submitted");
    await intake.id("detail").filter({ hasText: CALL }).waitFor();
    await intake.act("register", { category: "electric", subtype: "electric.1", level: "blue", duplicate_checked: true });
    await intake.reaches("registered");

    await intake.id("action-split").click();
    await intake.id("entry-part").fill("院墙歪了，是另一件");
    const desc = intake.id("field-desc");
    assert.equal(await desc.inputValue(), CALL, "it begins with what was reported");
    await desc.fill("院墙歪了");
    await intake.id("field-category").waitFor();
    await intake.id("entry-save").click();
    await intake.reaches("registered");
    await intake.synced();
    await intake.id("kin").filter({ hasText: `拆自隐患：${CALL}` }).waitFor();
    await intake.id("timeline").filter({ hasText: "从另一件拆出并登记" }).waitFor();
    await intake.id("kin").getByRole("link", { name: CALL }).click();
    await intake.id("kin").filter({ hasText: "拆出隐患：院墙歪了" }).waitFor();
    await intake.id("timeline").filter({ hasText: "院墙歪了，是另一件" }).waitFor();
  });

  town.noComplaints();
});
