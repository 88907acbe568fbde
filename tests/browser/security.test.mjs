// Pages can do only what they need: the policy is strict, and ordinary work neither breaks it nor talks to anyone else.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, PHONE } from "./harness/browser.mjs";
import { Desk } from "./harness/desk.mjs";
import { Phone } from "./harness/phone.mjs";
import { photo } from "./harness/photo.mjs";
import { Township } from "./harness/township.mjs";

/** The policy of a page, by directive. */
function policy(header) {
  return new Map(
    header.split(";").map((part) => {
      const [name, ...values] = part.trim().split(/\s+/);
      return [name, values];
    }),
  );
}

test("the policy of both apps is strict", async (t) => {
  const town = await Township.open({ browser: false });
  t.after(() => town.close());
  for (const path of ["/", "/desk/"]) {
    const response = await fetch(`${town.origin}${path}`);
    assert.equal(response.status, 200, path);
    const rules = policy(response.headers.get("content-security-policy") ?? "");
    for (const [name, allowed] of [
      ["default-src", /^'self'$|^'none'$/],
      ["script-src", /^'self'$|^'wasm-unsafe-eval'$|^'sha256-[\w+/=-]+'$/],
      ["style-src", /^'self'$|^'sha256-[\w+/=-]+'$/],
      ["img-src", /^'self'$|^blob:$|^data:$/],
      ["media-src", /^'self'$|^blob:$/],
      ["connect-src", /^'self'$/],
      ["worker-src", /^'self'$/],
      ["object-src", /^'none'$/],
      ["base-uri", /^'none'$/],
      ["frame-ancestors", /^'none'$/],
    ]) {
      const values = rules.get(name);
      assert.ok(values?.length > 0, `${path} says nothing about ${name}`);
      for (const value of values) assert.match(value, allowed, `${path}: ${name} ${value}`);
    }
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.match(response.headers.get("referrer-policy"), /^(no-referrer|same-origin)$/);
    assert.match(response.headers.get("permissions-policy"), /microphone=\(\)/);
    assert.doesNotMatch(await response.text(), /\son\w+=|style="/, `${path} has something inline`);
  }
});

test("ordinary work breaks no rule and asks nobody else", async (t) => {
  const town = await Township.open();
  t.after(() => town.close());
  const broken = [];
  const foreign = [];
  const watch = async (context) => {
    await context.exposeBinding("policyBroken", (_, told) => broken.push(told));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.policyBroken(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    context.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(town.origin) && !url.startsWith("data:") && !url.startsWith("blob:")) foreign.push(url);
    });
    return context;
  };
  const phone = await Phone.open(await watch(await town.browser.device(PHONE)), town.origin, "zhuli01");
  await phone.hazard({ desc: "老井没有井盖", level: "yellow", photos: [photo(31)] });
  await phone.synced();
  const desk = await Desk.open(await watch(await town.browser.device(DESK)), town.origin, "dengji01");
  await desk.find("老井没有井盖");
  await desk.act("register", { category: "drowning", subtype: "drowning.1", duplicate_checked: true });
  await desk.reaches("registered");
  assert.deepEqual(broken, []);
  assert.deepEqual(foreign, []);
  town.noComplaints();
});
