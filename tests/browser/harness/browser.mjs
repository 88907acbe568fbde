// Chromium, as phones and desks of the tests use it.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { PATIENCE, until } from "./wait.mjs";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

export const PHONE = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  locale: "zh-CN",
  timezoneId: "Asia/Shanghai",
};
export const DESK = { viewport: { width: 1440, height: 900 }, locale: "zh-CN", timezoneId: "Asia/Shanghai" };

function launch() {
  const executablePath = process.env.GRIDBOOK_CHROMIUM;
  if (!executablePath) throw new Error("GRIDBOOK_CHROMIUM is not set; run these tests with `cargo xtask test browser`");
  return { executablePath, args: ARGS };
}

/** Keeps what pages complain about; requests that fail for want of a network are no complaint. */
function listen(context, complaints) {
  context.setDefaultTimeout(PATIENCE);
  const hear = (page) => {
    page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        complaints.push(`console: ${message.text()}`);
      }
    });
  };
  context.pages().forEach(hear);
  context.on("page", hear);
}

/** One browser for several people: each has a context, so storage of their own, which ends with the browser. */
export class Browser {
  static async launch() {
    const browser = new Browser();
    browser.chromium = await chromium.launch(launch());
    /** What pages complained about. A test ends with none. */
    browser.complaints = [];
    return browser;
  }

  /** A new device. */
  async device(kind) {
    const context = await this.chromium.newContext(kind);
    listen(context, this.complaints);
    return context;
  }

  async close() {
    await this.chromium.close();
  }
}

/** One phone whose storage is on disk, so that its browser can be closed, killed and opened again. */
export class Handset {
  static async make(kind = PHONE) {
    const handset = new Handset();
    handset.kind = kind;
    handset.folder = await mkdtemp(join(tmpdir(), "gridbook-profile-"));
    handset.complaints = [];
    return handset;
  }

  /** Starts the browser. Everything before is gone but what is on disk. */
  async open() {
    this.context = await chromium.launchPersistentContext(this.folder, { ...launch(), ...this.kind });
    listen(this.context, this.complaints);
    return this.context;
  }

  async close() {
    await this.context.close();
  }

  /** Ends the whole browser at once, as the system does when memory is short: nothing is told, nothing finishes. */
  async kill() {
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    const pids = await this.#processes();
    if (pids.length === 0) throw new Error("the browser is not running");
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended with another one.
      }
    }
    await closed;
    await until("the browser's processes are gone", async () => (await this.#processes()).length === 0);
  }

  /** Processes that were started with this profile's folder. */
  async #processes() {
    const found = [];
    for (const name of await readdir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
      if (line.includes(this.folder)) found.push(Number(name));
    }
    return found;
  }

  /** Takes the phone away. A test that failed half-way may have left its browser running: the run must end anyway. */
  async remove() {
    if ((await this.#processes()).length > 0) await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
