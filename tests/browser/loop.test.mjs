// The whole loop: reported without a network, answered by the township, seen by the person who reported it. And what else
// the desk does with a case: faults that are proposed, set and contested; an owner who refuses is handed over.

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

/** Cases of the demo: dispatched days ago and never claimed; handled by the unit. */
const LATE = "小卖部后间无灭火器";
const REFUSED = "合院共用灶间没有灭火器";

/** A day in China, so many from today. */
const day = (days) => new Date(Date.now() + (8 + 24 * days) * 3_600_000).toISOString().slice(0, 10);

/** Waits until the table of units says these faults of the unit, or none. */
async function figure(desk, words) {
  await desk.go("books/units");
  const line = desk.id("books-row").filter({ hasText: "应急办" }).locator("td").last();
  await nudged(`the table says “${words}”`, () => desk.wake(), async () => (await line.innerText()).trim() === words);
}

test("reported offline, registered, handled, redone, closed, and every step seen on the phone", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const at = (user) => town.browser.device(DESK).then((context) => Desk.open(context, town.origin, user));
  const place = "一组晒坝北侧边坡";
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");

  await t.test("a visit, a hazard and a dispute with photos are saved without a network", async () => {
    await phone.airplane(true);
    await phone.noChangeVisit();
    await phone.hazard({ desc: "屋后边坡有新裂缝，约两指宽", place, level: "yellow", photos: [photo(1), photo(2, { grain: 1 })] });
    await phone.dispute({ facts: "两家为院坝边界起了争执", place: "一组晒坝", photos: [photo(3)] });
    assert.equal(await phone.unsent(), 3);
    for (const words of ["边坡有新裂缝", "一组晒坝纠纷"]) {
      assert.deepEqual((await phone.records(words)).map((row) => row.arrival), ["待同步"]);
    }
  });

  await t.test("back online everything arrives, photos too", async () => {
    await phone.airplane(false);
    await phone.synced();
    assert.equal(await phone.unsent(), 0);
    const township = await Account.signIn(town.server.origin, "zhuren01");
    const [hazard] = await township.list("hazard", (record) => record.values.desc?.includes("边坡有新裂缝"));
    assert.equal(hazard.blobs.length, 2);
    for (const blob of hazard.blobs) {
      assert.ok(blob.size <= 400 * 1024, `a photo of ${blob.size} bytes`);
      assert.ok(await township.hasPhoto(blob.sha256));
    }
  });

  const [intake, dispatcher, unit, clerk] = [await at("dengji01"), await at("fenpai01"), await at("yjb01"), await at("huifang01")];
  const supervisor = await at("duban01");

  await t.test("the desk asks for more, the reporter answers on the phone", async () => {
    await intake.find("一组晒坝纠纷");
    await intake.act("ask_supplement", { reason: "party_missing", text: "请写明两家户主的姓名" });
    await phone.reaches("一组晒坝纠纷", "待补充");
    await phone.answerSupplement("一组晒坝纠纷", "一家姓周，一家姓吴，都在一组");
    await phone.synced();
    await intake.reaches("submitted");
    await until("the desk shows the answer", async () => (await intake.id("timeline").innerText()).includes("一家姓周"));
  });

  await t.test("the desk sees the hazard with its photos and registers it", async () => {
    await intake.find("边坡有新裂缝");
    const pictures = intake.id("photos").locator("img");
    await until("two whole photos at the desk", async () => {
      const widths = await pictures.evaluateAll((all) => all.map((img) => img.naturalWidth));
      return widths.length === 2 && widths.every((width) => width > 1000);
    });
    await intake.act("register", { category: "cut_slope", subtype: "cut_slope.1", level: "yellow", duplicate_checked: true });
    await intake.reaches("registered");
    await until("the official number", async () => /〔\d{4}〕/.test(await intake.id("detail-number").innerText()));
    await phone.reaches("边坡有新裂缝", "已登记");
    const number = await intake.id("detail-number").innerText();
    assert.ok((await phone.text()).includes(number), "the phone shows the official number");
  });

  await t.test("dispatched, claimed, handled, finished, fed back", async () => {
    await dispatcher.find("边坡有新裂缝");
    await dispatcher.act("dispatch", { lead_unit: "yjb", text: "请三天内到场" });
    await phone.reaches("边坡有新裂缝", "已转办");
    // Where it stands, in the township's words; and who has it finds it first.
    const stands = (page) => page.locator("[data-testid=case-way] [aria-current=step]").filter({ hasText: "转" });
    await stands(phone.page).waitFor();
    await stands(dispatcher.page).waitFor();
    await unit.find("边坡有新裂缝");
    await unit.act("claim", { related: false });
    await phone.reaches("边坡有新裂缝", "已认领");
    await unit.act("start");
    await unit.act("progress", { text: "已设警戒线，等专业队伍" });
    await phone.reaches("边坡有新裂缝", "办理中");
    await unit.act("finish", { text: "裂缝已填封，坡面已挂网", photo_after: photo(4), rect_result: "已整改" });
    await phone.reaches("边坡有新裂缝", "已办结");
    await unit.act("feed_back", { channel: "phone", text: "裂缝已处理，雨天请再看一看" });
    await phone.reaches("边坡有新裂缝", "已反馈");
    assert.ok((await phone.text()).includes("雨天请再看一看"), "the reporter reads the feedback");
  });

  await t.test("called back: not satisfied, redone, satisfied, closed", async () => {
    await clerk.find("边坡有新裂缝");
    await clerk.act("call_back", { mode: "phone", person: "周桂兰", reached: true });
    await clerk.act("dissatisfied", { rating: "dissatisfied", reason_tags: ["未解决"], text: "雨后又渗水" });
    await phone.reaches("边坡有新裂缝", "不满意重办");
    await unit.reaches("redo");
    await unit.act("re_handle", { text: "再去看一次" });
    await unit.act("finish", { text: "加做了排水沟", photo_after: photo(5), rect_result: "已整改" });
    await unit.act("feed_back", { channel: "visit", text: "排水沟已做好" });
    await clerk.reaches("fed_back");
    await clerk.act("call_back", { mode: "visit", person: "周桂兰", reached: true });
    await clerk.act("satisfied", { rating: "satisfied" });
    await clerk.reaches("closed");
    await phone.reaches("边坡有新裂缝", "已销号");
    const history = await phone.text();
    for (const words of ["雨后又渗水", "加做了排水沟", "排水沟已做好"]) {
      assert.ok(history.includes(words), `the phone's history says: ${words}`);
    }
  });

  await t.test("the same slope again: the desk says that it comes back, and suggests a level more", async () => {
    await phone.hazard({ desc: "坡上又掉土块", place, level: "yellow" });
    await phone.synced();
    await intake.find("又掉土块");
    await intake.act("register", { category: "cut_slope", subtype: "cut_slope.1", level: "yellow", duplicate_checked: true });
    await intake.reaches("registered");
    const told = intake.id("hazard-again");
    await told.waitFor();
    assert.match(await told.innerText(), /登记过 1 次。建议等级提一级：橙/);
    await keep(intake.page, "desk-hazard-again");
  });

  await t.test("whoever supervises sees the step that is due, and its dialog starts from it", async () => {
    await intake.find("一组晒坝纠纷");
    await intake.act("register", { category: "neighbor", risk_level: "red", duplicate_checked: true });
    await intake.reaches("registered");
    await dispatcher.find("一组晒坝纠纷");
    await dispatcher.act("dispatch", { lead_unit: "yjb" });
    await supervisor.find("一组晒坝纠纷");
    await supervisor.reaches("dispatched");
    const due = supervisor.id("supervise-due");
    await due.waitFor();
    assert.match(await due.innerText(), /该督办了：领导包案[^]*风险是红色。发给领导/);
    await supervisor.id("action-supervise").click();
    const proposed = supervisor.id("proposed-step");
    await proposed.waitFor();
    assert.match(await proposed.innerText(), /建议“领导包案”/);
    const chosen = supervisor.page.locator('dialog [data-testid="field-step"] input:checked');
    assert.equal(await chosen.inputValue(), "take_charge");
    // Nothing is late yet: no fault is proposed.
    assert.equal(await supervisor.id("proposed-fault").count(), 0);
    await keep(supervisor.page, "desk-supervise");
    await supervisor.answer("text", "请分管领导包案，一周报一次进展");
    await supervisor.id("action-save").click();
    await supervisor.id("action-save").waitFor({ state: "detached" });
    await until("nothing more is due", async () => (await due.count()) === 0);
    await supervisor.synced();
  });

  await t.test("a case that nobody claimed in time proposes its fault, which a person sets", async () => {
    const chosen = () => supervisor.page.locator('dialog [data-testid="field-fault"] input:checked');
    await supervisor.find(LATE);
    await supervisor.id("action-supervise").click();
    await supervisor.id("proposed-fault").waitFor();
    assert.match(
      await supervisor.id("proposed-fault").innerText(),
      /建议“不响应”：认领时限 [^]+已过，没有认领。记不记由您定，被记的一方可以提出异议/,
    );
    assert.equal(await chosen().count(), 0, "never chosen beforehand");
    await supervisor.page.locator("dialog[open]").getByTestId("dialog-close").click();
    await figure(supervisor, "");
    await supervisor.find(LATE);
    await supervisor.act("supervise", { fault: "no_response", text: "请说明为什么没有认领" });
    await supervisor.id("action-supervise").click();
    await supervisor.id("action-save").waitFor();
    await until("what is proposed is there", async () => (await supervisor.page.locator('dialog [data-testid="field-step"] input').count()) > 0);
    assert.equal(await supervisor.id("proposed-fault").count(), 0, "what was set is not proposed again");
    await supervisor.page.locator("dialog[open]").getByTestId("dialog-close").click();
    await figure(supervisor, "不响应 1");
  });

  await t.test("the unit contests it: it counts no more until somebody else decides", async () => {
    await unit.find(LATE);
    // Who is marked reads it.
    await nudged("the fault is told", () => unit.wake(), async () => /过错：不响应/.test(await unit.id("timeline").innerText()));
    assert.equal(await unit.id("action-contest_decide").count(), 0);
    await unit.act("contest", { fault: "no_response", text: "那两天全体在防汛，已电话报告" });
    const director = await at("zhuren01");
    await figure(director, "");
    await director.find(LATE);
    await director.act("contest_decide", { fault: "no_response", outcome: "upheld", text: "防汛期间仍应认领" });
    await figure(director, "不响应 1");
    await director.find(LATE);
    await director.id("timeline").filter({ hasText: "复核结果：维持过错" }).waitFor();
    assert.equal(await director.id("action-contest_decide").count(), 0, "decided once");
  });

  await t.test("an owner who refuses is talked to, told in writing and handed over, each step once and in order", async () => {
    const steps = ["enforce_persuade", "enforce_notice", "enforce_transfer"];
    const offered = async (desk, step) => {
      await desk.id("action-comment").waitFor();
      const told = async () => {
        const all = await Promise.all(steps.map((one) => desk.id(`action-${one}`).count()));
        return steps.filter((_, n) => all[n] > 0).join() === step.join();
      };
      await nudged(`${desk.user} is offered ${step}`, () => desk.wake(), told);
    };
    await unit.find(REFUSED);
    await offered(unit, ["enforce_persuade"]);
    await unit.id("action-enforce_persuade").click();
    for (const [path, answer] of [["reason", "failed"], ["taken_on", day(-2)], ["text", "说没有钱买"]]) {
      await unit.answer(path, answer);
    }
    await unit.id("action-save").click();
    await unit.page.locator("dialog[open]").getByText("复查不通过要满规定的次数").waitFor();
    await unit.answer("reason", "refused");
    await unit.id("action-save").click();
    await unit.id("action-save").waitFor({ state: "detached" });
    await unit.synced();
    await offered(unit, ["enforce_notice"]);
    await unit.id("action-enforce_notice").click();
    await unit.answer("text", "虚构〔2026〕1 号，限三天内配齐");
    await unit.answer("taken_on", day(-3));
    await unit.id("action-save").click();
    await unit.page.locator("dialog[open]").getByText("日期不能早于上一步").waitFor();
    await unit.answer("taken_on", day(-1));
    await unit.id("action-save").click();
    await unit.id("action-save").waitFor({ state: "detached" });
    await unit.synced();
    await offered(unit, []);
    await supervisor.find(REFUSED);
    await offered(supervisor, ["enforce_transfer"]);
    await supervisor.act("enforce_transfer", {
      taken_on: day(0), body: "综合行政执法队", basis: "消防条例第十二条（虚构）", receipt_by: day(5), text: "两次告知都不整改",
    });
    await supervisor.reaches("transferred");
    await offered(supervisor, []);
    await supervisor.act("transfer_receipt", { received_on: day(0), received_by: "执法队 蒋谷雨" });
    await supervisor.id("action-transfer_receipt").waitFor({ state: "detached" });
    for (const words of ["说没有钱买", "虚构〔2026〕1 号", "综合行政执法队", "执法队 蒋谷雨"]) {
      await supervisor.id("timeline").filter({ hasText: words }).waitFor();
    }
    await keep(supervisor.page, "desk-enforced");
  });

  town.noComplaints();
});
