// Ours in the page: the wasm bundle of src/bin/bench.rs, timed from outside.

import init, { Device, Reference } from './bench.js';
import { households, line, visits } from './records.mjs';

const wasm = await init();
const reference = new Reference(await (await fetch('package.json')).text());
const text = (records) => records.map(line).join('\n');
let device;

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

window.bench = {
  async open(name, { user, token }) {
    return timed(async () => {
      device = await Device.open(name, user, token ?? undefined, reference);
    });
  },

  /** A device of its own that exchanges its records through a share; how long until it has them all. */
  async throughShare({ name, user, seed, count, share, couch, token, login }) {
    await this.open(name, { user, token });
    if (count) {
      device.take(text(visits(seed, count)));
      await device.save(count);
    }
    device.share(share, couch, login?.user ?? '', login?.password ?? '', token);
    return this.sync();
  },

  /** Opens the database as a start of the app does, and reads every row. */
  async list(name, { user }) {
    let rows = 0;
    const ms = await timed(async () => {
      device = await Device.open(name, user, undefined, reference);
      rows = device.list();
    });
    return { ms, rows };
  },

  async save(seed, count, batch) {
    device.take(text(visits(seed, count)));
    return timed(async () => {
      for (let saved = 0; saved < count; saved += batch) await device.save(batch);
    });
  },

  /** One by one, as a person does: the time of each. */
  async saveOne(seed, count) {
    device.take(text(visits(seed, count)));
    const times = [];
    for (let n = 0; n < count; n += 1) times.push(await timed(() => device.save(1)));
    return times;
  },

  async saveHouseholds(seed, count) {
    device.take(households(seed, count).join('\n'));
    await device.save(count);
  },

  /** A round with the backend; `sent` is when nothing waited any more. */
  async sync() {
    const start = performance.now();
    let sent = 0;
    const rows = await device.sync(() => {
      sent = performance.now() - start;
    });
    const ms = performance.now() - start;
    return { ms, sent, rows, unsent: device.unsent(), refused: device.refused() };
  },

  search(words) {
    const start = performance.now();
    const found = device.search(words);
    return { ms: performance.now() - start, found };
  },

  memory: () => wasm.memory.buffer.byteLength,
};
window.ready = true;
