// What most tests need: a server with the demo township, a network in front of it, a browser.

import assert from "node:assert/strict";
import { Browser } from "./browser.mjs";
import { Proxy } from "./proxy.mjs";
import { Server } from "./server.mjs";

export class Township {
  static async open({ browser = true, dist, more } = {}) {
    const town = new Township();
    town.server = await Server.start({ dist, more });
    town.network = await Proxy.to(town.server.origin);
    if (browser) town.browser = await Browser.launch();
    return town;
  }

  /** What browsers open. */
  get origin() {
    return this.network.origin;
  }

  /** No page may have complained about anything. */
  noComplaints() {
    assert.deepEqual(this.browser.complaints, [], "pages logged errors");
  }

  async close() {
    await this.browser?.close();
    await this.network.stop();
    await this.server.stop();
  }
}
