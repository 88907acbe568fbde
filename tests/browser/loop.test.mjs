// The whole loop: reported without a network, answered by the township, seen by the person who reported it.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

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
    await unit.find("边坡有新裂缝");
    await unit.act("claim");
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
    const supervisor = await at("duban01");
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

  town.noComplaints();
});
