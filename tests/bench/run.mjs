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
import { GROUPS, isWhole, options } from './options.mjs';
import { Report } from './report.mjs';

const WORK = { local, sync, shares, server: load, ingest, crowd, grow, memory, search, work, start };

const asked = options(process.argv.slice(2));
const { runs, count, only, peers, stored } = asked;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'bench');
const report = new Report();
const common = { count, stored, server: process.env.GRIDBOOK_SERVER, site: process.env.GRIDBOOK_BENCH };
for (const group of only) {
  const { least, most = Infinity } = GROUPS[group];
  const times = Math.min(Math.max(runs, least), most);
  for (let run = 1; run <= times; run += 1) {
    console.log(`${group}, run ${run} of ${times}`);
    const wanted = peers && { peers };
    await WORK[group](report, { ...common, seed: run, ...wanted });
  }
}
const { failed, forgiven } = await report.finish(target, isWhole(asked));
for (const words of forgiven) console.log(`over budget on this machine, not failed: ${words}`);
for (const words of failed) console.error(`FAILED ${words}`);
process.exitCode = failed.length ? 1 : 0;
