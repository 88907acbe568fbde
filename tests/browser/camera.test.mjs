// The camera opens and the system ends the page behind it: the draft comes back, at the field with the camera.

import assert from "node:assert/strict";
import test from "node:test";
import { PHONE } from "./harness/browser.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";
import { until } from "./harness/wait.mjs";

test("a page that dies behind the camera comes back at the photo", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const context = await town.browser.device(PHONE);
  const first = await Phone.open(context, town.origin, "zhuli01");
  await first.beginHazard({ desc: "涵洞口堵了，水漫到路上" });

  // Nothing is waited for between the tap and the death: what the camera needs is on disk before it opens.
  const [chooser] = await Promise.all([first.page.waitForEvent("filechooser"), first.tapPhoto("photo_before")]);
  assert.ok(chooser);
  const address = first.page.url();
  const dead = first.page.waitForEvent("crash");
  const session = await context.newCDPSession(first.page);
  session.send("Page.crash").catch(() => {});
  await dead;
  await first.page.close();

  // The browser opens the tab again where it was.
  const second = await Phone.resume(context, address);
  await second.id("field-desc").waitFor();
  assert.equal(await second.id("field-desc").inputValue(), "涵洞口堵了，水漫到路上");
  await until("the cursor is at the photo", () =>
    second.page.evaluate(() => document.activeElement?.closest("[data-path]")?.dataset.path === "photo_before"),
  );
  await second.addPhotos("photo_before", [photo(21)]);
  await second.saveReport();
  await second.synced();
  assert.equal((await second.records("涵洞口堵了")).length, 1);
  town.noComplaints();
});
