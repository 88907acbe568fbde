// What the server holds, as one account sees it: read through the public contract, folded just enough to ask.

import { PASSWORD } from "./server.mjs";

export class Account {
  static async signIn(origin, user, password = PASSWORD) {
    const response = await fetch(`${origin}/api/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user, password }),
    });
    if (!response.ok) throw new Error(`sign-in of ${user}: ${response.status} ${await response.text()}`);
    const { token, profile } = await response.json();
    const account = new Account();
    Object.assign(account, { origin, user, token, profile, cursor: "", records: new Map() });
    return account;
  }

  get headers() {
    return { authorization: `Bearer ${this.token}` };
  }

  /** Reads what is new; returns all records by id. */
  async read() {
    for (;;) {
      const response = await fetch(`${this.origin}/sync/v1/pull?limit=1000&cursor=${encodeURIComponent(this.cursor)}`, {
        headers: this.headers,
      });
      if (!response.ok) throw new Error(`pull: ${response.status} ${await response.text()}`);
      const page = await response.json();
      for (const entry of page.entries) this.#take(entry);
      this.cursor = page.cursor;
      if (!page.more) return this.records;
    }
  }

  #take(entry) {
    if (entry.t === "leave") this.records.delete(entry.e);
    if (entry.t !== "op") return;
    const { h, b } = entry.op;
    const [, id, dot, , kind, user] = h.split(" ");
    const record = this.records.get(id) ?? { id, values: {}, events: [], ops: new Set(), receipts: 0, blobs: [] };
    this.records.set(id, record);
    if (record.ops.has(dot)) return;
    record.ops.add(dot);
    const body = b ? JSON.parse(b) : {};
    Object.assign(record.values, body.set ?? {});
    record.blobs.push(...(body.blobs ?? []));
    if (kind === "create") {
      Object.assign(record, { type: body.type, user, area: body.area ?? body.place?.area, state: body.state, at: entry.at });
    } else if (kind === "event") {
      record.state = body.to;
      record.events.push({ event: body.event, user, data: body.data ?? {} });
    } else if (kind === "place") {
      record.area = body.area ?? record.area;
    } else if (kind === "receipt") {
      record.receipts += 1;
    } else if (kind === "number") {
      record.number = body.number;
    } else if (kind === "reject") {
      record.rejected = body.code;
    }
  }

  /** Creates a record as this account would on a device of its own; returns its id. */
  async create(body) {
    const hex = (n) => [...crypto.getRandomValues(new Uint8Array(n))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const time = Date.now().toString(16).padStart(12, "0");
    const [id, dev] = [time + hex(10), hex(8)];
    const op = {
      h: `gb1 ${id} ${dev}.1.1 ${time}.0000 create ${this.user} -`,
      s: hex(16),
      b: JSON.stringify(body),
    };
    const response = await fetch(`${this.origin}/sync/v1/push`, {
      method: "POST",
      headers: { ...this.headers, "content-type": "application/json" },
      body: JSON.stringify({ writer: { dev, epoch: 1 }, nonce: hex(8), now: Date.now(), ops: [op] }),
    });
    const [result] = (await response.json()).results;
    if (result.r !== "ok") throw new Error(`${body.type}: ${result.r} ${result.code}`);
    return id;
  }

  /** Begins the hand-over of a grid: a list of its households, as the desk makes it. */
  async handOver({ from, to, area }) {
    const homes = await this.list("household", (record) => record.area === area);
    const items = homes.slice(0, 30).map(({ id, values }) => {
      return { kind: "household", record: id, title: values.head ?? "户", note: values.address_text ?? "" };
    });
    const on = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    return this.create({
      type: "handover",
      state: "open",
      place: { area, users_add: [from, to] },
      set: { from, to, on, reason: "调整岗位", items },
    });
  }

  /** Records of a kind that fit. */
  async list(type, fits = () => true) {
    await this.read();
    return [...this.records.values()].filter((record) => record.type === type && fits(record));
  }

  /** Whether the bytes of a photo are at the server. */
  async hasPhoto(sha256) {
    const response = await fetch(`${this.origin}/sync/v1/blobs/${sha256}`, { headers: this.headers });
    await response.arrayBuffer();
    return response.status === 200;
  }
}
