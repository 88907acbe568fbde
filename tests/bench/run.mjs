// `cargo xtask bench`: ours and its peers in one run, one machine, one browser. Ratios are what counts: absolute
// times are of this machine.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { crowd, grow, ingest } from './cases/load.mjs';
import { local } from './cases/local.mjs';
import { memory } from './cases/memory.mjs';
import { search } from './cases/search.mjs';
import { load } from './cases/server.mjs';
import { shares } from './cases/shares.mjs';
import { start } from './cases/start.mjs';
import { sync } from './cases/sync.mjs';
import { work } from './cases/work.mjs';
import { Report } from './report.mjs';

const USAGE = `cargo xtask bench [--runs 3] [--records 10000] [--only local,sync,shares,server,ingest,crowd,grow,memory,search,work,start] [--peers rows,pouchdb]
  [--stored 1000000]`;

/** How often each group is done, at least: cheap ones more often. `most`: long ones, whatever is asked for. */
const GROUPS = {
  local: { work: local, least: 1 },
  sync: { work: sync, least: 1 },
  shares: { work: shares, least: 1 },
  server: { work: load, least: 1 },
  ingest: { work: ingest, least: 5 },
  crowd: { work: crowd, least: 1, most: 1 },
  grow: { work: grow, least: 1, most: 1 },
  memory: { work: memory, least: 1, most: 1 },
  search: { work: search, least: 1 },
  work: { work, least: 1 },
  start: { work: start, least: 5 },
};

function options(args) {
  const out = { runs: 3, count: 10_000, only: Object.keys(GROUPS), peers: undefined, stored: 1_000_000 };
  for (let at = 0; at < args.length; at += 2) {
    const value = args[at + 1];
    if (args[at] === '--runs' && Number(value) > 0) out.runs = Number(value);
    else if (args[at] === '--records' && Number(value) > 0) out.count = Number(value);
    else if (args[at] === '--stored' && Number(value) >= 10_000) out.stored = Number(value);
    else if (args[at] === '--only' && value?.split(',').every((name) => GROUPS[name])) out.only = value.split(',');
    else if (args[at] === '--peers' && value) out.peers = value.split(',');
    else throw new Error(USAGE);
  }
  return out;
}

const { runs, count, only, peers, stored } = options(process.argv.slice(2));
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'bench');
const report = new Report();
const common = { count, stored, server: process.env.GRIDBOOK_SERVER, site: process.env.GRIDBOOK_BENCH };
for (const group of only) {
  const { work, least, most = Infinity } = GROUPS[group];
  const times = Math.min(Math.max(runs, least), most);
  for (let run = 1; run <= times; run += 1) {
    console.log(`${group}, run ${run} of ${times}`);
    const wanted = peers && { peers };
    await work(report, { ...common, seed: run, ...wanted });
  }
}
const { failed, forgiven } = await report.finish(target);
for (const words of forgiven) console.log(`over budget on this machine, not failed: ${words}`);
for (const words of failed) console.error(`FAILED ${words}`);
process.exitCode = failed.length ? 1 : 0;
