// Two people change the same thing without a network: nothing is overwritten, both see both, a person decides.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { inspect } from "./harness/look.mjs";
import { Phone } from "./harness/phone.mjs";
import { Township } from "./harness/township.mjs";
import { nudged, until } from "./harness/wait.mjs";

const TITLE = "桥面裂缝";
const PLACES = ["老桥东头第二根栏杆", "老桥西头靠碑的一侧"];
const LANDMARK = "附近标志";
const NEAR = ["村小学斜对面", "水碾房旁边"];

/** Waits for something that came from elsewhere, taking the phone up again meanwhile. */
const seen = (phone, what, look) => nudged(what, () => phone.wake(), look);

/** Values that stand side by side on the phone's page, under their field's name. */
async function versions(phone, label) {
  const card = phone.id("conflicts").locator(".card").filter({ hasText: label });
  return (await card.locator(".version-value").allInnerTexts()).sort();
}

async function choose(phone, label, value) {
  const card = phone.id("conflicts").locator(".card").filter({ hasText: label });
  await card.getByTestId("conflict-version").filter({ hasText: value }).click();
  await card.getByTestId("conflict-choose").click();
}

test("two people correct the same field without a network", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const open = async (user) => Phone.open(await town.browser.device(PHONE), town.origin, user);
  const [one, two, other, desk] = await Promise.all([
    open("zhuli01"),
    open("zhuli01"),
    open("wangge01"),
    town.browser.device(DESK).then((context) => Desk.open(context, town.origin, "dengji01")),
  ]);
  await one.hazard({ desc: TITLE });
  await one.synced();
  await seen(two, "the record is on the second phone", async () => (await two.records(TITLE)).length === 1);

  await t.test("one record, corrected on two phones: both values are on both and at the desk", async () => {
    for (const [n, phone] of [one, two].entries()) {
      await phone.airplane(true);
      await phone.openRecord(TITLE);
      await phone.id("record-edit").click();
      await phone.id("field-address_text").fill(PLACES[n]);
      await phone.id("field-desc").fill(`${TITLE}，${n + 3}毫米宽`);
      await phone.pressSave();
      await phone.page.locator(".record-title").waitFor();
    }
    for (const phone of [one, two]) {
      await phone.airplane(false);
      await phone.synced();
    }
    for (const phone of [one, two]) {
      await phone.openRecord(TITLE);
      await seen(phone, "both values are on the phone", async () => (await versions(phone, "地点")).length === 2);
      assert.deepEqual(await versions(phone, "地点"), [...PLACES].sort());
      assert.deepEqual(await versions(phone, "一句话说清"), [`${TITLE}，3毫米宽`, `${TITLE}，4毫米宽`]);
    }
    await inspect(one.page, "phone-conflict");
    await one.go("");
    await one.id("returned-row").filter({ hasText: "两处改得不一样" }).waitFor();
    await desk.find(TITLE);
    const card = desk.id("conflict").filter({ hasText: "地点" });
    await card.waitFor();
    assert.deepEqual((await card.locator(".version-value").allInnerTexts()).sort(), [...PLACES].sort());
    await inspect(desk.page, "desk-conflict");
  });

  await t.test("what the phone decides is decided at the desk, and the other way round", async () => {
    await one.openRecord(TITLE);
    await choose(one, "地点", PLACES[0]);
    await seen(one, "one field is left to decide", async () => (await one.id("conflict-choose").count()) === 1);
    await one.synced();
    await seen(desk, "the desk has the place", async () => (await desk.id("conflict").count()) === 1);
    assert.ok((await desk.id("detail").innerText()).includes(PLACES[0]));
    await desk.id("conflict").locator(".version").filter({ hasText: "4毫米宽" }).getByRole("button").click();
    await desk.id("conflict").waitFor({ state: "detached" });
    await desk.synced();
    for (const phone of [one, two]) {
      await phone.openRecord(TITLE);
      await seen(phone, "nothing is left to decide", async () => (await phone.id("conflicts").count()) === 0);
      const text = await phone.text();
      assert.ok(text.includes(PLACES[0]) && text.includes(`${TITLE}，4毫米宽`));
      assert.ok(!text.includes(PLACES[1]));
      await phone.synced();
    }
  });

  await t.test("a household that two neighbours' workers changed", async () => {
    const pick = async (phone) => {
      await phone.searchHouseholds("柳溪村1组8号");
      await phone.id("household-row").first().click();
      await phone.id("household-edit").waitFor();
    };
    for (const [n, phone] of [one, other].entries()) {
      await pick(phone);
      await phone.airplane(true);
      await phone.id("household-edit").click();
      await phone.id("field-landmark").fill(NEAR[n]);
      await phone.pressSave();
      await phone.id("household-edit").waitFor();
    }
    for (const phone of [one, other]) {
      await phone.airplane(false);
      await phone.synced();
    }
    const link = one.page.getByRole("link", { name: "去选" });
    await seen(one, "the household says that there are two", async () => (await link.count()) === 1);
    await inspect(one.page, "phone-household-conflict");
    await desk.go(`households/${/[0-9a-f]{32}/.exec(one.page.url())[0]}`);
    const card = desk.id("household-card");
    await seen(desk, "the desk is told", async () => (await card.innerText()).includes("两个人改得不一样"));
    assert.ok((await card.innerText()).includes(LANDMARK));
    await link.click();
    await one.id("conflicts").waitFor();
    assert.deepEqual(await versions(one, LANDMARK), [...NEAR].sort());
    await choose(one, LANDMARK, NEAR[1]);
    await one.page.getByRole("link", { name: "回到这一户" }).click();
    await one.id("household-edit").waitFor();
    assert.ok((await one.text()).includes(NEAR[1]));
    await one.synced();
    await seen(other, "it is settled on the other phone", async () => {
      const text = await other.text();
      return text.includes(NEAR[1]) && !text.includes("两个人改得不一样");
    });
    await seen(desk, "and at the desk", async () => {
      const text = await card.innerText();
      return text.includes(NEAR[1]) && !text.includes("两个人改得不一样");
    });
  });

  await t.test("a correction left unfinished takes back nothing that others wrote meanwhile", async () => {
    const house = /[0-9a-f]{32}/.exec(one.page.url())[0];
    const [theirs, mine] = ["柳溪村一组老井边", "老井往上第二家"];
    await one.id("household-edit").click();
    await one.id("field-landmark").fill(mine);
    await one.draftKept();
    await one.go(`household/${house}`);
    await other.go(`household/${house}`);
    await other.id("household-edit").click();
    await other.id("field-address_text").fill(theirs);
    await other.pressSave();
    await other.id("household-edit").waitFor();
    await other.synced();
    await seen(one, "the new address has arrived", async () => (await one.text()).includes(theirs));
    await one.id("household-edit").click();
    await until("the form goes on", async () => (await one.id("field-landmark").inputValue()) === mine);
    assert.equal(await one.id("field-address_text").inputValue(), theirs);
    await inspect(one.page, "phone-household-goes-on");
    await one.pressSave();
    await one.id("household-edit").waitFor();
    await one.synced();
    await seen(other, "both answers stand", async () => {
      const text = await other.text();
      return text.includes(theirs) && text.includes(mine) && !text.includes("两个人改得不一样");
    });
  });
  town.noComplaints();
});
