// Screenshots, kept as test output, and the accessibility check of every screen.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./wait.mjs";

const OUTPUT = fileURLToPath(new URL("../../output/", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Keeps a picture of the page under `tests/output/`. */
export async function shot(page, name, { fullPage = false } = {}) {
  mkdirSync(OUTPUT, { recursive: true });
  await page.screenshot({ path: join(OUTPUT, `${name}.png`), fullPage, animations: "disabled" });
}

/** Fails on anything that keeps people out: findings of axe that are serious or critical. */
export async function accessible(page, name) {
  // As tall as its content: what lies under a sticky bar can be scrolled out from below it.
  const size = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) });
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    (values) => window.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] }),
    RULES,
  );
  await page.setViewportSize(size);
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.slice(0, 4).map((n) => `${n.html.slice(0, 200)} (${n.any.map((a) => a.message).join("; ").slice(0, 200)})`).join("\n    ")}`);
  assert.deepEqual(told, [], `${name} has accessibility findings`);
}

const LOOKS = {
  normal: { theme: "light", text: "normal" },
  dark: { theme: "dark", text: "normal" },
  large: { theme: "light", text: "large" },
};

/** Nothing is cut off at the side. */
async function narrow(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
}

/** Keeps and checks the screen that is shown, and that large text finds room on it. */
export async function inspect(page, name) {
  await shot(page, name);
  await accessible(page, name);
  await narrow(page, name);
  await page.evaluate((to) => window.gridbookDisplay(to), LOOKS.large);
  await shot(page, `${name}-large`);
  await narrow(page, `${name} (large)`);
  await page.evaluate((to) => window.gridbookDisplay(to), LOOKS.normal);
}

/** The page has settled: nothing is loading and pictures are there. */
async function settled(page) {
  await until("the screen is drawn", () =>
    page.evaluate(() => {
      const images = [...document.images].every((img) => img.complete);
      return images && !document.querySelector('#app [aria-busy="true"]') && document.querySelector("h1") !== null;
    }),
  );
}

/** Keeps and checks the screen that is shown, in all looks. */
export async function keep(page, name) {
  for (const [look, wanted] of Object.entries(LOOKS)) {
    await page.evaluate((to) => window.gridbookDisplay(to), wanted);
    await settled(page);
    await shot(page, `${name}-${look}`);
    await accessible(page, `${name} (${look})`);
    await narrow(page, `${name} (${look})`);
  }
  await page.evaluate((to) => window.gridbookDisplay(to), LOOKS.normal);
}
