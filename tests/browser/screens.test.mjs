// Every screen of both apps, in every look: a picture to look at, no grave accessibility finding, nothing cut off.

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

test("the phone's screens", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const blank = await context.newPage();
  await blank.goto(town.origin);
  await blank.getByTestId("login-user").waitFor();
  await keep(blank, "phone-login");
  await blank.close();

  const phone = await Phone.open(context, town.origin, "zhuli01");
  const { page } = phone;
  await phone.offlineReady();
  const account = await Account.signIn(town.server.origin, "zhuli01");
  const [household] = await account.list("household", ({ values }) => values.head);
  const [asked] = await account.list("hazard", ({ state }) => state === "supplement");
  const [closed] = await account.list("hazard", ({ state }) => state === "closed");
  const screens = {
    home: "",
    report: "report",
    "visit-step-1": `visit/new?household=${household.id}`,
    hazard: "hazard/new",
    dispute: "dispute/new",
    households: "households",
    "households-none": "households?q=没有这个人",
    household: `household/${household.id}`,
    "household-edit": `household/${household.id}/edit`,
    "household-new": "household/new",
    "member-new": `household/${household.id}/member/new`,
    records: "records",
    "record-supplement": `record/${asked.id}`,
    "record-closed": `record/${closed.id}`,
    me: "me",
    "change-phone": "me/phone",
    password: "me/password",
    install: "me/install",
  };
  for (const [name, hash] of Object.entries(screens)) {
    await t.test(name, async () => {
      await phone.go(hash);
      await page.locator("h1").waitFor();
      await keep(page, `phone-${name}`);
    });
  }
  await t.test("a visit's second step", async () => {
    await phone.go(`visit/new?household=${household.id}`);
    await phone.id("field-met-head").click();
    await phone.id("form-next").click();
    await phone.id("no-change").click();
    await keep(page, "phone-visit-step-2");
  });
  await t.test("a form that lacks something", async () => {
    await phone.go("hazard/new");
    await phone.pressSave();
    await phone.id("problems").waitFor();
    await keep(page, "phone-problems");
  });
  await t.test("saved, without a network, and a red hazard that has not arrived", async () => {
    await phone.airplane(true);
    await phone.hazard({ desc: "山体滑动，已掉下两块大石", level: "red", photos: [photo(41)] });
    await keep(page, "phone-saved-red");
    await phone.go("");
    await keep(page, "phone-home-offline");
    await phone.openRecord("山体滑动");
    await keep(page, "phone-record-unsent");
    await phone.go("records");
    await keep(page, "phone-records-offline");
    await phone.go("me");
    await keep(page, "phone-me-offline");
  });
});

test("the phone's screens of mediation, patrol and hand-over", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const clerk = await Account.signIn(town.server.origin, "zhuangan01");
  const handover = await clerk.handOver({ from: "cun201", to: "zhuli02", area: "510000100201001" });
  const phone = await Phone.open(await town.browser.device(PHONE), town.origin, "cun201");
  const { page } = phone;
  const kept = (name, hash, act = async () => {}) =>
    t.test(name, async () => {
      if (hash !== undefined) await phone.go(hash);
      await page.locator("h1").waitFor();
      await act();
      await keep(page, `phone-${name}`);
    });
  const [geo] = await clerk.list("place", ({ values }) => values.point_kind === "geo_point");
  const [dispute] = await clerk.list("dispute", ({ values }) => values.event_name === "排水沟纠纷");
  await phone.go("");
  await kept("home-themes", "", () => phone.id("home-theme").first().waitFor());
  await kept("items", "items");
  await kept("places", "places");
  await kept("place", `place/${geo.id}`);
  await kept("place-new", "place/new");
  await kept("inspection", `entry/new?form=F-INSP&place=${geo.id}&list=geo_point`, async () => {
    await phone.id("form-next").click();
    await phone.id("check-0-yes").click();
    await phone.id("check-1-no").click();
  });
  await kept("inspection-missing", undefined, async () => {
    await phone.pressSave();
    await phone.id("problems").waitFor();
  });
  await kept("inspection-found", undefined, async () => {
    await phone.id("checks-well").click();
    await phone.saveReport();
    await phone.id("spawn-offer").first().waitFor();
  });
  await kept("patrol", `entry/new?form=F-PATROL&place=${geo.id}&patrol_kind=geology`);
  await kept("pick-place", undefined, async () => {
    await phone.id("field-place").click();
    await page.locator('dialog[open] [data-testid="pick-search"]').fill("河边");
    await phone.id("pick-words").waitFor();
  });
  await kept("oral", "dispute/new?form=F-ORAL");
  await kept("oral-parties", undefined, async () => {
    await phone.id("field-facts").fill("为院坝边界争吵");
    await phone.id("form-next").click();
    await phone.id("field-parties/0/name").fill("冉启富");
    await phone.id("field-parties/1/name").fill("谭小梅");
  });
  await kept("oral-sign", undefined, async () => {
    for (let n = 0; n < 3; n += 1) await phone.id("form-next").click();
    await phone.sign("sign_parties");
  });
  await kept("sign-pad", undefined, async () => {
    await phone.id("field-sign_parties-sign").click();
    const pad = page.locator('dialog[open] [data-testid="sign-pad"]');
    const { x, y, width, height } = await pad.boundingBox();
    await page.mouse.move(x + width * 0.2, y + height * 0.3);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.7, y + height * 0.6, { steps: 8 });
    await page.mouse.up();
  });
  await kept("dispute-file", `record/${dispute.id}`, () => phone.id("open-file").waitFor());
  await kept("file-new", `mediation/new?parent=${dispute.id}`, async () => {
    await until("the facts are there", async () => (await phone.id("field-facts").inputValue()).includes("排水沟"));
  });
  await kept("file", undefined, async () => {
    await phone.id("form-next").click();
    await phone.id("field-consent_all-true").click();
    await phone.id("form-next").click();
    await phone.id("form-save").click();
    await phone.id("eight-steps").waitFor();
  });
  const file = page.url().split("/").at(-1);
  for (const step of ["accept", "assign", "investigate", "inform", "mediate", "follow_up", "archive"]) {
    await kept(`step-${step}`, `record/${file}/step/${step}`, () => phone.id("save-state").waitFor());
  }
  await kept("step-agreement", `record/${file}/step/agreement`, async () => {
    await phone.id("field-agreement_kind-written").click();
    await phone.id("add-instalments").click();
    await phone.id("field-instalments/0/due").fill("2026-12-01");
    await phone.id("field-instalments/0/amount").fill("1500.5");
  });
  await kept("handover", `handover/${handover}`, () => phone.id("handover-item").first().waitFor());
});

test("the desk's screens", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(DESK);
  const blank = await context.newPage();
  await blank.goto(`${town.origin}/desk/`);
  await blank.getByTestId("desk-login-user").waitFor();
  await keep(blank, "desk-login");
  await blank.close();

  const director = await Desk.open(context, town.origin, "zhuren01");
  const account = await Account.signIn(town.server.origin, "zhuren01");
  const [closed] = await account.list("hazard", ({ state }) => state === "closed");
  const [fresh] = await account.list("dispute", ({ state }) => state === "submitted");
  const [household] = await account.list("household", ({ values }) => values.head);
  const screens = {
    queue: "queue",
    closed: `queue/${closed.id}`,
    submitted: `queue/${fresh.id}`,
    ledger: "ledger",
    households: "households",
    household: `households/${household.id}`,
    me: "me",
  };
  for (const [name, hash] of Object.entries(screens)) {
    await t.test(name, async () => {
      await director.go(hash);
      await keep(director.page, `desk-${name}`);
    });
  }
  await t.test("filters stand in one line", async () => {
    for (const name of ["queue", "ledger"]) {
      await director.go(name);
      const lines = await director.page.locator(".toolbar").first().evaluate((bar) =>
        new Set([...bar.children].map((one) => Math.round((one.getBoundingClientRect().top + one.getBoundingClientRect().bottom) / 2))).size,
      );
      assert.equal(lines, 1, `${name}: all controls at one height`);
    }
  });
  await t.test("a step", async () => {
    await director.go(`queue/${fresh.id}`);
    await director.id("action-register").click();
    await director.id("action-save").waitFor();
    await keep(director.page, "desk-register");
  });
  const clerk = await Desk.open(await town.browser.device(DESK), town.origin, "zhuangan01");
  for (const name of ["import", "staff"]) {
    await t.test(name, async () => {
      await clerk.go(name);
      await keep(clerk.page, `desk-${name}`);
    });
  }
});
