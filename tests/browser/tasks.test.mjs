// Whole tasks as people do them, counted in taps: a visit, a quick report, an oral mediation with signatures, a file in
// steps, a patrol, a hand-over.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Account } from "./harness/feed.mjs";
import { inspect, keep } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const GRID = "510000100201001";

// What a practised hand needs, seconds: to find and tap, to write a character with the phone's keyboard, to take a photo.
const TAP = 1.5;
const CHARACTER = 0.8;
const SHOT = 6;

/** Seconds that a task takes a person. */
const seconds = (taps, characters = 0, shots = 0) => taps * TAP + characters * CHARACTER + shots * SHOT;

test("a day's tasks on one phone", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "zhuli01");
  await phone.offlineReady();
  const township = await Account.signIn(town.server.origin, "zhuren01");

  await t.test("an ordinary visit in two minutes of taps", async () => {
    await phone.go("");
    await phone.countTaps();
    await phone.id("due-row").first().click();
    await phone.id("household-visit").click();
    await phone.id("field-met-head").click();
    await phone.id("form-next").click();
    await phone.id("no-change").click();
    await phone.id("field-well_being-good").click();
    await phone.id("six-ok").click();
    await phone.saveReport();
    const taps = await phone.taps();
    t.diagnostic(`a visit: ${taps} taps, ${seconds(taps)} s`);
    assert.ok(taps > 0 && seconds(taps) <= 120, `${taps} taps`);
  });

  await t.test("a quick report in twenty seconds", async () => {
    const words = "路基塌了一角";
    await phone.go("");
    await phone.countTaps();
    await phone.id("quick-report").click();
    await phone.addPhotos("photo_before", [photo(11)]);
    await phone.id("field-desc").click();
    await phone.id("field-desc").fill(words);
    await phone.saveReport();
    // The camera is opened by the test without a tap.
    const taps = (await phone.taps()) + 1;
    t.diagnostic(`a quick report: ${taps} taps, ${seconds(taps, words.length, 1)} s`);
    assert.ok(taps > 1 && seconds(taps, words.length, 1) <= 20, `${taps} taps`);
  });

  await t.test("an oral mediation with signatures, in a farmhouse without a network", async () => {
    await phone.airplane(true);
    await phone.go("dispute/new");
    await phone.id("oral").click();
    await phone.id("field-facts").fill("两家为共用水沟谁来清淤争吵");
    await phone.id("field-occur_place").fill("一组院坝");
    await phone.id("field-consent_both-true").click();
    await phone.id("form-next").click();
    await phone.id("field-parties/0/name").fill("冉启富");
    await phone.id("field-parties/1/name").fill("谭小梅");
    // One digit short.
    await phone.id("field-parties/1/phone").fill("1390000123");
    await until("the draft is on disk", async () => (await phone.stored()).includes("谭小梅"));
    // The phone rings, the browser is gone: what was written is there again.
    await phone.page.reload();
    await phone.id("form-next").waitFor();
    assert.equal(await phone.id("field-parties/1/name").inputValue(), "谭小梅");
    await phone.id("form-next").click();
    await phone.id("field-category").selectOption("neighbor");
    await phone.id("field-risk_level-blue").click();
    await phone.id("form-next").click();
    await phone.id("field-oral_result-oral").click();
    await phone.id("field-agreement_text").fill("水沟两家轮流清，单月冉家，双月谭家。");
    await phone.id("form-next").click();
    // Read before it is signed, as it will be printed.
    await phone.id("agreement-text").filter({ hasText: "一、水沟两家轮流清" }).waitFor();
    // Drawn, thought better of, drawn again.
    await phone.sign("sign_parties");
    await phone.sign("sign_parties");
    await phone.sign("sign_mediator");
    const names = await phone.id("field-sign_parties").locator(".photo-state").allInnerTexts();
    assert.deepEqual(names.map((name) => name.trim()), ["冉启富", "谭小梅"]);
    // What looks wrong is asked about once; it may be right.
    await phone.pressSave();
    await phone.page.locator(".doubt", { hasText: "电话号码不对" }).waitFor();
    await inspect(phone.page, "phone-doubt");
    await phone.saveReport();
    await phone.airplane(false);
    await phone.synced();
    const [made] = await township.list("dispute", ({ values }) => values.facts?.includes("共用水沟谁来清淤"));
    assert.equal(made.rejected, undefined);
    assert.equal(made.values.success, "succeeded");
    assert.match(made.values.event_name, /冉启富与谭小梅/);
    const signed = made.blobs.filter(({ role }) => role.startsWith("sign_"));
    assert.deepEqual(signed.map(({ role }) => role), ["sign_parties", "sign_parties", "sign_mediator"]);
    for (const blob of signed) {
      assert.equal(blob.mime, "image/png");
      assert.ok(blob.size <= 30 * 1024, `a signature of ${blob.size} bytes`);
      assert.ok(await township.hasPhoto(blob.sha256));
      const by = `${blob.role}_by/${blob.sha256.slice(0, 16)}`;
      assert.ok(made.values[`${by}/name`] && made.values[`${by}/at`], "who signed, and when");
    }
  });

  await t.test("a patrol that finds something", async () => {
    await phone.go("");
    const due = phone.id("patrol-row").filter({ hasText: "崩塌点" });
    await due.click();
    await phone.countTaps();
    await phone.id("place-patrol").click();
    await phone.id("form-next").click();
    await phone.id("check-1-no").click();
    await phone.id("check-1-note").fill("掉了两块拳头大的石头");
    await phone.pressSave();
    await phone.id("problems").waitFor();
    await phone.id("checks-well").click();
    await phone.saveReport();
    t.diagnostic(`a patrol: ${await phone.taps()} taps`);
    await phone.id("spawn-offer").click();
    await until("the hazard says what was seen", async () =>
      (await phone.id("field-desc").inputValue()).includes("掉了两块拳头大的石头"),
    );
    assert.ok((await phone.id("field-desc").inputValue()).startsWith("屋背后崩塌点"));
    await phone.addPhotos("photo_before", [photo(12)]);
    await phone.saveReport();
    await phone.synced();
    const [hazard] = await township.list("hazard", ({ values }) => values.desc?.includes("两块拳头大"));
    assert.equal(hazard.values.subtype, "geology.2");
    assert.equal(hazard.values.place, "屋背后崩塌点");
    await phone.go("");
    await phone.id("tab-home").waitFor();
    assert.equal(await due.count(), 0, "patrolled: not due any more");
  });

  await t.test("an item of a theme is one tap from 今天", async () => {
    await phone.go("");
    const themes = phone.id("home-theme");
    await themes.first().waitFor();
    assert.equal(await themes.count(), 5);
    await themes.filter({ hasText: "森林防火" }).click();
    await phone.page.locator("h1", { hasText: "巡查记录" }).waitFor();
  });

  town.noComplaints();
});

test("a mediation file grows step by step", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const township = await Account.signIn(town.server.origin, "zhuren01");
  const [dispute] = await township.list("dispute", ({ values }) => values.event_name === "排水沟纠纷");

  await t.test("the township keeps a roster of mediators", async () => {
    const desk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
    const add = async (name, area) => {
      await desk.id("roster-add").click();
      await desk.id("roster-name").fill(name);
      await desk.id("roster-body").fill("老党员");
      if (area) await desk.id("roster-area").selectOption(area);
      await desk.id("roster-known").locator("label.chip").first().click();
      await desk.id("roster-save").click();
      await desk.id("roster-row").filter({ hasText: name }).waitFor();
    };
    await desk.go("roster");
    await add("邹清明");
    await add("时白露", "510000100202");
    await desk.synced();
    await inspect(desk.page, "desk-roster");
  });

  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "cun201");
  await phone.offlineReady();

  await t.test("opened from the dispute, which tells it everything it knows", async () => {
    await phone.airplane(true);
    await phone.go(`record/${dispute.id}`);
    await phone.id("open-file").click();
    await until("the facts are there", async () => (await phone.id("field-facts").inputValue()).includes("排水沟"));
    await phone.id("form-next").click();
    await phone.id("field-consent_all-true").click();
    await phone.id("form-next").click();
    assert.equal(await phone.id("field-parties/1/name").inputValue(), "邻户当事人");
    for (const [n, side] of ["applicant", "respondent"].entries()) {
      const field = phone.id(`field-parties/${n}/side`);
      await field.locator(`input[value="${side}"], [data-testid$="-${side}"]`).first().click();
    }
    await phone.id("add-claims").click();
    await phone.id("field-claims/0/claim").fill("清淤并修好沟口");
    await phone.id("form-save").click();
    await phone.id("eight-steps").waitFor();
  });

  await t.test("each step says what it lacks, and opens its part of the form", async () => {
    const said = (step) => phone.id(`step-${step}`).innerText();
    await until("accepting is done", async () => (await said("accept")).includes("已完成"));
    assert.match(await said("assign"), /下一步/);
    await phone.id("step-assign").click();
    await phone.id("field-mediators/0/recusal").locator("label.chip").first().click();
    // From the roster: not typed, and nobody of another village.
    const offered = phone.id("roster-person");
    await offered.first().waitFor();
    assert.deepEqual(await offered.evaluateAll((all) => all.map((one) => one.textContent.slice(0, 3))), ["邹清明"]);
    await keep(phone.page, "phone-roster");
    await offered.first().click();
    assert.equal(await phone.id("field-mediators/1/name").inputValue(), "邹清明");
    await until("nobody is offered twice", async () => (await offered.count()) === 0);
    await phone.id("field-mediators/1/recusal").locator("label.chip").first().click();
    await phone.id("field-recorder").fill("冉小禾");
    await phone.id("field-told_on").fill("2026-11-20");
    await phone.id("form-save").click();
    await phone.id("eight-steps").waitFor();
    await until("the mediator is named", async () => (await said("assign")).includes("已完成"));
    await phone.id("step-inform").click();
    for (const n of [0, 1]) await phone.id(`field-notices/${n}/state`).locator("label.chip").first().click();
    await phone.sign("sign_notice");
    await phone.id("form-save").click();
    await until("everybody was told", async () => (await said("inform")).includes("已完成"));
  });

  await t.test("amounts are said in capitals while they are typed", async () => {
    await phone.id("step-agreement").click();
    await phone.id("field-agreement_kind-written").click();
    await phone.id("field-agreed_on").fill("2026-11-22");
    for (const [n, [due, amount]] of [["2026-12-01", "1000"], ["2027-01-01", "500.5"]].entries()) {
      await phone.id("add-instalments").click();
      await phone.id(`field-instalments/${n}/due`).fill(due);
      await phone.id(`field-instalments/${n}/amount`).fill(amount);
    }
    assert.match(await phone.id("money-total").innerText(), /1,500\.50 元，大写 壹仟伍佰元伍角/);
    await phone.id("form-save").click();
    await phone.id("eight-steps").waitFor();
    await until("the court's thirty days run", async () => (await phone.text()).includes("司法确认还剩"));
    await phone.airplane(false);
    await phone.synced();
    const [file] = await township.list("mediation", ({ values }) => values.dispute === dispute.id);
    assert.equal(file.rejected, undefined);
    assert.equal(file.blobs.filter(({ role }) => role === "sign_notice").length, 1);
    assert.match(await phone.text(), /人调|待受理/);
  });

  town.noComplaints();
});

test("a grid is handed over: both confirm, the area moves, the old phone forgets it", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const clerk = await Account.signIn(town.server.origin, "zhuangan01");
  const chief = await Account.signIn(town.server.origin, "cun201");
  const given = (await chief.list("household", ({ area }) => area === GRID)).slice(0, 5).map(({ id }) => id);
  const day = (more) => new Date(Date.now() + (8 + 24 * more) * 3_600_000).toISOString().slice(0, 10);
  await chief.create({
    type: "visit_task",
    place: { area: GRID, users_add: ["zhuli01"] },
    set: { campaign: "", label: "大走访", from: day(0), due: day(20), user: "zhuli01", households: given },
  });
  await clerk.handOver({ from: "zhuli01", to: "zhuli02", area: GRID });
  const open = async (user) => Phone.open(await town.browser.device(PHONE), town.origin, user);
  const [leaves, takes] = [await open("zhuli01"), await open("zhuli02")];
  const [had, theirs] = [await leaves.householdCount(), await takes.householdCount()];
  assert.ok(had > 10);

  const confirm = async (phone) => {
    await phone.go("");
    await nudged("今天 shows the hand-over", () => phone.wake(), async () => (await phone.id("handover-row").count()) > 0);
    await phone.countTaps();
    await phone.id("handover-row").click();
    await phone.id("handover-item").first().waitFor();
    assert.ok((await phone.id("handover-item").count()) >= 10);
    await nudged("it is this side's turn", () => phone.wake(), async () =>
      (await phone.id("handover-confirm").count()) > 0,
    );
    await phone.id("handover-confirm").click();
    await phone.page.locator('dialog[open] [data-testid="confirm-yes"]').click();
    await phone.id("handover-confirm").waitFor({ state: "detached" });
    await phone.synced();
    t.diagnostic(`a hand-over: ${await phone.taps()} taps on one side`);
  };
  await confirm(takes);
  await confirm(leaves);

  await nudged("the old phone forgot the grid", () => leaves.wake(), async () => {
    await leaves.go("households");
    return (await leaves.id("household-row").count()) === 0;
  });
  await takes.go("households");
  await nudged("the successor has it", () => takes.wake(), async () => {
    return (await takes.id("results-line").innerText()) === `${had + theirs} 户`;
  });
  // The visits that the one had been given and not made are the successor's.
  await takes.go("");
  await takes.id("home-task").filter({ hasText: "0/5 户" }).waitFor();
  await leaves.go("");
  await leaves.id("home-visit").waitFor();
  assert.equal(await leaves.id("home-task").count(), 0);
  town.noComplaints();
});
