// The desk as the person at it sees it.

import { PASSWORD } from "./server.mjs";
import { nudged, until } from "./wait.mjs";

export class Desk {
  /** Opens the desk on a new computer and signs in; ready when the first synchronisation is done. */
  static async open(context, origin, user, password = PASSWORD) {
    const desk = new Desk();
    Object.assign(desk, { context, origin, user });
    desk.page = await context.newPage();
    await desk.page.goto(`${origin}/desk/`);
    await desk.id("desk-login-user").fill(user);
    await desk.id("desk-login-password").fill(password);
    await desk.id("desk-login-submit").click();
    await desk.id("sync-state").waitFor();
    await desk.synced();
    return desk;
  }

  /** Opens the desk in another tab, where somebody is signed in already. */
  static async resume(context, origin, user) {
    const desk = new Desk();
    Object.assign(desk, { context, origin, user });
    desk.page = await context.newPage();
    await desk.page.goto(`${origin}/desk/`);
    await desk.id("sync-state").waitFor();
    await desk.synced();
    return desk;
  }

  id(name) {
    return this.page.getByTestId(name);
  }

  /** Waits until everything here is at the server. */
  async synced() {
    const lamp = this.id("sync-state");
    await until(`${this.user}'s desk is in step with the server`, async () => {
      return (await lamp.getAttribute("data-state")) === "ok" && (await lamp.getAttribute("data-unsent")) === "0";
    });
  }

  /** Synchronises now. */
  async wake() {
    await this.id("sync-state").click();
  }

  /** Opens a screen by the part behind `#/`. */
  async go(hash) {
    await this.page.evaluate((to) => {
      window.location.hash = to;
    }, `#/${hash}`);
  }

  /** Finds a record by words of its title, in whatever state it is; synchronises until it is there. Opens it. */
  async find(words) {
    if (!/#\/queue/.test(this.page.url())) await this.go("queue");
    await this.id("queue-tab-all").click();
    await this.id("queue-search").fill(words);
    const row = this.id("queue-row").filter({ hasText: words });
    await this.#nudged(`${this.user}'s desk shows “${words}”`, async () => (await row.count()) > 0);
    await row.first().click();
    await this.id("detail-title").filter({ hasText: words }).waitFor();
  }

  /** How many records the queue shows for these words. */
  async count(words) {
    await this.id("queue-tab-all").click();
    await this.id("queue-search").fill(words);
    return this.id("queue-row").filter({ hasText: words }).count();
  }

  /** Machine name of the open record's state. */
  async state() {
    return this.id("detail-state").getAttribute("data-state");
  }

  /** Waits until the open record is in a state, asking the server meanwhile. */
  async reaches(state) {
    await this.#nudged(`the record is ${state} at ${this.user}'s desk`, async () => (await this.state()) === state);
  }

  /** Waits for something that others do, and synchronises now and then meanwhile. */
  async #nudged(what, look) {
    await nudged(what, () => this.wake(), look);
  }

  /** Takes a step with the open record: the button, its dialog with `answers` by field, and the save. */
  async act(action, answers = {}) {
    const button = this.id(`action-${action}`).first();
    await this.#nudged(`${this.user}'s desk offers ${action}`, async () => (await button.count()) > 0);
    await button.click();
    const save = this.id("action-save");
    await save.waitFor();
    for (const [path, answer] of Object.entries(answers)) await this.answer(path, answer);
    await save.click();
    await save.waitFor({ state: "detached" });
    await this.synced();
  }

  /**
   * Fills in a section of a form by its dialog and saves. `answers` by path, rows of tables as `table/0/column`; chips by
   * their choice, pictures as files.
   */
  async fill(button, answers) {
    await this.id(button).click();
    const dialog = this.page.locator("dialog[open]");
    await dialog.getByTestId("section-save").waitFor();
    for (const [path, answer] of Object.entries(answers)) {
      const [table, place] = path.split("/");
      if (place !== undefined) {
        const rows = dialog.locator(`[data-testid="field-${table}"] .rowset-row`);
        while ((await rows.count()) <= Number(place)) {
          const before = await rows.count();
          await dialog.getByTestId(`add-${table}`).click();
          await until("the row is there", async () => (await rows.count()) > before);
        }
        // What is folded away in a row is filled in like the rest.
        await dialog.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
      }
      await this.answer(path, answer);
    }
    await dialog.getByTestId("section-save").click();
    await dialog.waitFor({ state: "detached" });
    await this.synced();
  }

  /** Fills in one field of an open dialog; chips by their choice or their words, several as a list, pictures as files. */
  async answer(path, answer) {
    const dialog = this.page.locator("dialog[open]");
    const field = dialog.getByTestId(`field-${path}`);
    await field.waitFor();
    const files = field.locator("input[type=file]");
    const kind = await field.evaluate((one) => one.tagName);
    if ((await files.count()) > 0) {
      const before = await field.locator("li.photo").count();
      await files.first().setInputFiles(answer);
      await until("the photo is in the dialog", async () => (await field.locator("li.photo").count()) > before);
    } else if (kind === "FIELDSET") {
      const chips = field.locator("label.chip");
      for (const one of [answer].flat()) {
        const byChoice = dialog.getByTestId(`field-${path}-${one}`);
        await ((await byChoice.count()) > 0 ? byChoice : chips.filter({ hasText: String(one) })).first().click();
      }
    } else if (kind === "SELECT") {
      await until(`${path} offers ${answer}`, async () => (await field.locator(`option[value="${answer}"]`).count()) > 0);
      await field.selectOption(String(answer));
    } else {
      await field.fill(String(answer));
    }
  }
}
