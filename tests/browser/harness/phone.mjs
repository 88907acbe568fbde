// The phone as the person who holds it sees it.

import { PASSWORD } from "./server.mjs";
import { nudged, until } from "./wait.mjs";

export class Phone {
  /** Opens the app on a new phone and signs in; ready when the first synchronisation is done. */
  static async open(context, origin, user, password = PASSWORD) {
    const phone = await Phone.at(context, `${origin}/`);
    await phone.signIn(user, password);
    await phone.id("tab-home").waitFor();
    await phone.synced();
    return phone;
  }

  /** Opens the app where somebody is signed in already; `address` may name a screen. */
  static async resume(context, address) {
    const phone = await Phone.at(context, address);
    await phone.id("lamp").waitFor();
    return phone;
  }

  /** Opens an address, whoever is signed in or nobody. */
  static async at(context, address) {
    const phone = new Phone();
    phone.context = context;
    phone.page = await context.newPage();
    await phone.page.goto(address);
    return phone;
  }

  /** Fills in the page for signing in. */
  async signIn(user, password = PASSWORD) {
    await this.id("login-user").fill(user);
    await this.id("login-password").fill(password);
    await this.id("login-submit").click();
  }

  id(name) {
    return this.page.getByTestId(name);
  }

  /** All words on the screen. */
  async text() {
    return this.page.locator("body").innerText();
  }

  /** Opens a screen by the part behind `#/`; the one before is gone then. */
  async go(hash) {
    await this.page.evaluate(async (to) => {
      const before = window.location.href;
      const changed = new Promise((done) => window.addEventListener("hashchange", done, { once: true }));
      window.location.hash = to;
      if (window.location.href === before) return;
      await changed;
      await new Promise(requestAnimationFrame);
    }, `#/${hash}`);
  }

  /** Whether the radio is off. */
  async airplane(on) {
    await this.context.setOffline(on);
  }

  /** The service worker holds the whole app: from now on no network is needed. */
  async offlineReady() {
    await until("the service worker holds the app", () =>
      this.page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        return registration?.active?.state === "activated" && navigator.serviceWorker.controller !== null;
      }),
    );
  }

  /** Waits until nothing waits here, photos included, and the network is known to be there. */
  async synced() {
    const lamp = this.id("lamp");
    await until("the phone is in step with the server", async () => (await lamp.getAttribute("data-state")) === "ok");
  }

  /** Takes a step of the form; saving leads to another screen. */
  async pressSave() {
    await this.id("form-quick").or(this.id("form-save")).click();
  }

  /** Hands the report in and waits until the app calls it saved. */
  async saveReport() {
    await this.pressSave();
    await this.page.waitForURL(/#\/saved\//);
  }

  /** Answers a question, whether it is drawn as chips or as a list. */
  async choose(path, answer) {
    const chip = this.id(`field-${path}-${answer}`);
    await chip.or(this.id(`field-${path}`)).first().waitFor();
    if ((await chip.count()) > 0) await chip.click();
    else await this.id(`field-${path}`).selectOption(answer);
  }

  /** Chooses the `nth` household of the picker, or the first for some words. */
  async pickHousehold({ nth = 0, words } = {}) {
    await this.id("field-household").click();
    if (words) await this.id("pick-search").fill(words);
    await this.id("pick-household").nth(words ? 0 : nth).click();
    await this.id("pick-household").first().waitFor({ state: "detached" });
  }

  /** An ordinary visit: everything as before. */
  async noChangeVisit(household) {
    await this.go("visit/new");
    await this.pickHousehold(household);
    await this.id("field-met-head").click();
    await this.id("form-next").click();
    await this.id("no-change").click();
    await this.id("field-well_being-good").click();
    await this.id("six-ok").click();
    await this.saveReport();
  }

  /** A visit where nobody was at home. */
  async notMetVisit(household) {
    await this.go("visit/new");
    await this.pickHousehold(household);
    await this.id("field-met-not_met").click();
    await this.id("field-not_met_reason-away").click();
    await this.saveReport();
  }

  /** Opens a new hazard and fills in what a quick report needs. */
  async beginHazard({ desc, place, level = "blue", photos = [] }) {
    await this.go("hazard/new");
    await this.id("field-desc").fill(desc);
    await this.id(`field-level-${level}`).click();
    if (place) await this.id("field-address_text").fill(place);
    await this.addPhotos("photo_before", photos);
  }

  async hazard(report) {
    await this.beginHazard(report);
    await this.saveReport();
  }

  async dispute({ facts, place, photos = [] }) {
    await this.go("dispute/new");
    await this.id("field-facts").fill(facts);
    await this.id("field-occur_place").fill(place);
    await this.addPhotos("photos", photos);
    await this.saveReport();
  }

  /** Signs with the finger in a signature field; `name` says who. */
  async sign(path, name) {
    await this.id(`field-${path}-sign`).click();
    const pad = this.page.locator('dialog[open] [data-testid="sign-pad"]');
    await pad.waitFor();
    if (name) await this.page.locator('dialog[open] [data-testid="sign-name"]').fill(name);
    const { x, y, width, height } = await pad.boundingBox();
    const at = (right, down) => [x + width * right, y + height * down];
    for (const line of [[[0.2, 0.3], [0.8, 0.3]], [[0.5, 0.15], [0.45, 0.6], [0.2, 0.85]], [[0.55, 0.5], [0.8, 0.8]]]) {
      await this.page.mouse.move(...at(...line[0]));
      await this.page.mouse.down();
      for (const point of line.slice(1)) await this.page.mouse.move(...at(...point), { steps: 8 });
      await this.page.mouse.up();
    }
    const signed = this.id(`field-${path}`).locator("li.photo");
    const before = await signed.count();
    await this.page.locator('dialog[open] [data-testid="sign-done"]').click();
    await until("the signature is in the form", async () => (await signed.count()) > before);
  }

  /** Counts taps from now on. */
  async countTaps() {
    await this.page.evaluate(() => {
      if (window.taps === undefined) window.addEventListener("pointerup", () => (window.taps += 1), true);
      window.taps = 0;
    });
  }

  /** Taps since then. */
  async taps() {
    return this.page.evaluate(() => window.taps);
  }

  /** The tap that opens the camera. */
  async tapPhoto(path) {
    await this.id(`field-${path}`).locator("label.photo-add").first().click();
  }

  async addPhotos(path, photos) {
    if (photos.length === 0) return;
    const field = this.id(`field-${path}`);
    const taken = field.locator("li.photo");
    for (const photo of photos) {
      const before = await taken.count();
      await field.locator("input[type=file]").first().setInputFiles(photo);
      await until("the photo is in the form", async () => (await taken.count()) > before);
    }
  }

  /** The form says that its draft is on disk. */
  async draftKept() {
    await this.id("save-state").filter({ hasText: "草稿已存在本机" }).waitFor();
  }

  /** Comes back to the app, which synchronises then. */
  async wake() {
    await this.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  }

  /** What 今天 says is unsent: records and photos. */
  async #waiting() {
    await this.go("");
    const words = await this.id("home-unsent").innerText();
    const number = (pattern) => Number(pattern.exec(words)?.[1] ?? 0);
    return { records: number(/(\d+) 条/), photos: number(/(\d+) 张照片/), all: words.includes("都已送达") };
  }

  /** Records that wait, as 今天 tells it. */
  async unsent() {
    return (await this.#waiting()).records;
  }

  /** Photos that wait, as 今天 tells it. */
  async unsentPhotos() {
    return (await this.#waiting()).photos;
  }

  /** Own records with these words in the title: `{title, arrival, state}`. */
  async records(words) {
    await this.go("records");
    await this.page.locator("h1", { hasText: "记录" }).waitFor();
    const more = this.id("show-more");
    while ((await more.count()) > 0) await more.click();
    await this.page.locator('[data-testid="record-list"][aria-busy="false"]').waitFor({ state: "attached" });
    const rows = await this.id("record-row").evaluateAll((all) =>
      all.map((row) => ({
        title: row.querySelector(".row-title").innerText.trim(),
        arrival: row.querySelector("[data-testid=arrival-badge]")?.innerText.trim(),
        state: row.querySelector("[data-testid=record-state]")?.innerText.trim(),
      })),
    );
    return rows.filter(({ title }) => title.includes(words));
  }

  /** Opens the newest own record with these words in its title. */
  async openRecord(words) {
    await this.go("records");
    await this.id("record-row").filter({ hasText: words }).first().click();
    await this.page.locator(".record-title", { hasText: words }).waitFor();
  }

  /** Opens a record and waits until it is in a state, taking the phone up again meanwhile. */
  async reaches(words, state) {
    await this.openRecord(words);
    const shown = this.id("record-state").first();
    const there = async () => (await shown.innerText()).startsWith(state);
    await nudged(`the phone shows “${words}” as ${state}`, () => this.wake(), there);
  }

  /** Answers what the township asked for, in words. */
  async answerSupplement(words, answer) {
    await this.openRecord(words);
    await this.id("act-resubmit").click();
    await this.page.locator('dialog[open] [data-testid="field-text"]').fill(answer);
    await this.id("act-save").click();
    await this.id("act-save").waitFor({ state: "detached" });
  }

  /** Opens a draft from 今天. */
  async openDraft(words) {
    await this.go("");
    await this.id("draft-row").filter({ hasText: words }).click();
    await this.id("save-state").waitFor();
  }

  /** Households found for some words, as lines of text. */
  async searchHouseholds(words) {
    await this.go("households");
    await this.id("household-search").fill(words);
    await this.page.locator("[data-testid=results-line], [data-testid=blank-search]").first().waitFor();
    return this.id("household-row").allInnerTexts();
  }

  /** How many households the phone shows. */
  async householdCount() {
    await this.go("households");
    await this.id("household-search").fill("");
    return Number.parseInt(await this.id("results-line").innerText(), 10);
  }

  /** All keys and values of the stores on this phone as one text, to look for what must not be there. */
  async stored() {
    return this.page.evaluate(async () => {
      const wait = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const decoder = new TextDecoder("utf-8", { fatal: false });
      const told = (value) => {
        if (value instanceof Uint8Array || value instanceof ArrayBuffer) return decoder.decode(value);
        return typeof value === "string" ? value : JSON.stringify(value) ?? "";
      };
      const texts = [];
      for (const { name } of await indexedDB.databases()) {
        const database = await wait(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
          const objects = database.transaction(store).objectStore(store);
          const [keys, values] = await Promise.all([wait(objects.getAllKeys()), wait(objects.getAll())]);
          texts.push(...keys.map(told), ...values.map(told));
        }
        database.close();
      }
      return texts.join("\n");
    });
  }
}
