// Figures of all runs: medians, ratios, what must hold, the table.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export function percentile(list, share) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
}

/** A shared machine doubles any time now and then: times fail the bench only beyond this many budgets. */
const LENIENT = 2;

/** Ratios that fail the bench when ours is not at least so many times as fast. */
const RATIOS = { 'save 10,000/rows': 1, 'pull 10,000/pouchdb': 5, 'push 10,000/pouchdb': 5 };

/** Budgets: `max` in ms (or in the figure's own unit), `min` in operations a second. */
const BUDGETS = {
  'save one, p95, CPU x6': { max: 50 },
  'field, first usable frame, cold': { max: 2500 },
  'field, first usable frame, warm': { max: 700 },
  'search 1,000 households, CPU x6': { max: 300 },
  'phone, list of 1,000 records, CPU x6': { max: 100 },
  'phone, a key in a form, CPU x6': { max: 100 },
  'desk, list of 1,000 records, CPU x6': { max: 100 },
  'desk, a hazard is closed, CPU x6': { max: 100 },
  'server, push of 500 over HTTP': { min: 10_000 },
  'ten new operations, 10,000 held': { max: 20 },
  'first sync of 10,000': { max: 1500 },
  'first sync of 100,000': { max: 8000 },
  'push 10,000': { max: 700 },
  'first sync of 10,000 from express-pouchdb, 20 devices': { max: 2000 },
  'first sync of 10,000 from express-pouchdb in a browser, 20 devices': { max: 2000 },
  'first sync of 10,000 from dav-server, 20 devices': { max: 3000 },
  'first sync of 10,000 from Apache in a browser, 20 devices': { max: 3000 },
  'SQLite: ingest with full admission': { min: 10_000 },
  'PostgreSQL: ingest with full admission': { min: 10_000 },
};

/** Figures that fail the bench beyond this: they do not depend on how fast the machine is. */
const LIMITS = {
  'SQLite: 2409 phones in 60 s, failed': 0,
  'PostgreSQL: 2409 phones in 60 s, failed': 0,
  'tab with 100,000 operations, just synchronised': 80,
  'tab with 100,000 operations, opened again': 80,
  'SQLite: most stored over fewest, one operation': 2,
  'SQLite: most stored over fewest, ten new there and back': 2,
  'PostgreSQL: most stored over fewest, one operation': 2,
  'PostgreSQL: most stored over fewest, ten new there and back': 2,
};

export class Report {
  #times = new Map();
  #figures = new Map();

  /** A time of `who` in a case; ours is `ours`. */
  time(name, who, ms) {
    if (!this.#times.has(name)) this.#times.set(name, new Map());
    const row = this.#times.get(name);
    row.set(who, [...(row.get(who) ?? []), ms]);
    console.log(`  ${name}: ${who} ${ms.toFixed(1)} ms`);
  }

  figure(name, unit, value) {
    const held = this.#figures.get(name) ?? { unit, values: [] };
    held.values.push(value);
    this.#figures.set(name, held);
    console.log(`  ${name}: ${value.toFixed(1)} ${unit}`);
  }

  #rows() {
    return [...this.#times].flatMap(([name, row]) => {
      const ours = median(row.get('ours') ?? [NaN]);
      return [...row].filter(([who]) => who !== 'ours').map(([peer, list]) => {
        const ms = median(list);
        return { case: name, ours_ms: round(ours), peer, peer_ms: round(ms), ratio: round(ms / ours, 2) };
      });
    });
  }

  #values() {
    return [...this.#figures].map(([name, { unit, values }]) => ({ case: name, value: round(median(values)), unit }));
  }

  /**
   * Prints the table, writes the file, and names what failed and what is over budget but forgiven. Of a run that was
   * `whole` also every figure that has a budget and did not come: renamed or left out it would pass for ever.
   */
  async finish(folder, whole) {
    const rows = this.#rows();
    const values = this.#values();
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'results.json'), `${JSON.stringify([...rows, ...values], null, 2)}\n`);
    console.log(`\n${'case'.padEnd(34)}${'ours, ms'.padStart(10)}  ${'peer'.padEnd(9)}${'ms'.padStart(10)}${'ratio'.padStart(8)}`);
    for (const row of rows) {
      const cells = [row.case.padEnd(34), String(row.ours_ms).padStart(10), '  ', row.peer.padEnd(9)];
      console.log(`${cells.join('')}${String(row.peer_ms).padStart(10)}${`${row.ratio}x`.padStart(8)}`);
    }
    console.log('');
    for (const { case: name, value, unit } of values) {
      console.log(`${name.padEnd(44)}${String(value).padStart(10)} ${unit}`);
    }
    return verdict(rows, values, whole);
  }
}

function round(value, digits = 1) {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

export function verdict(rows, values, whole) {
  const failed = whole ? missing(rows, values) : [];
  const forgiven = [];
  for (const row of rows) {
    const least = RATIOS[`${row.case}/${row.peer}`];
    if (least !== undefined && !(row.ratio >= least)) {
      failed.push(`${row.case}: ${row.ratio} times as fast as ${row.peer}, must be ${least}`);
    }
  }
  for (const { case: name, value } of values) {
    if (value > LIMITS[name]) failed.push(`${name}: ${value}, at most ${LIMITS[name]}`);
    const { max = Infinity, min = 0 } = BUDGETS[name] ?? {};
    const words = `${name}: ${value}, budget ${Number.isFinite(max) ? max : min}`;
    if (!(value <= max * LENIENT && value >= min / LENIENT)) failed.push(words);
    else if (value > max || value < min) forgiven.push(words);
  }
  return { failed, forgiven };
}

function missing(rows, values) {
  const there = new Set([...rows.map((row) => `${row.case}/${row.peer}`), ...values.map((row) => row.case)]);
  const asked = [RATIOS, BUDGETS, LIMITS].flatMap(Object.keys);
  return asked.filter((name) => !there.has(name)).map((name) => `${name}: has a budget and was not measured`);
}
