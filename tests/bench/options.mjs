// What `cargo xtask bench` was asked for: read before anything is built, and refused where it is not known. Run by itself it
// says whether the arguments are right, and how it is used with --help.

import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** How often each group is done, at least: cheap ones more often. `most`: long ones, whatever is asked for. */
export const GROUPS = {
  local: { least: 1 },
  sync: { least: 1 },
  shares: { least: 1 },
  server: { least: 1 },
  ingest: { least: 5 },
  crowd: { least: 1, most: 1 },
  grow: { least: 1, most: 1 },
  memory: { least: 1, most: 1 },
  search: { least: 1 },
  work: { least: 1 },
  start: { least: 5 },
};

/** What is asked for where nothing else is: the run that the budgets speak of. */
const WHOLE = { runs: 3, count: 10_000, only: Object.keys(GROUPS), peers: undefined, stored: 1_000_000 };

const USAGE = `cargo xtask bench [--runs 3] [--records 10000] [--only ${Object.keys(GROUPS)}]
  [--peers rows,pouchdb] [--stored 1000000]`;

/** What to measure; throws with the usage where an option or its value is not known. */
export function options(args) {
  const out = { ...WHOLE };
  for (let at = 0; at < args.length; at += 2) {
    const [name, value] = [args[at], args[at + 1]];
    if (name === '--runs' && Number(value) > 0) out.runs = Number(value);
    else if (name === '--records' && Number(value) > 0) out.count = Number(value);
    else if (name === '--stored' && Number(value) >= 10_000) out.stored = Number(value);
    else if (name === '--only' && value?.split(',').every((group) => Object.hasOwn(GROUPS, group))) out.only = value.split(',');
    else if (name === '--peers' && value) out.peers = value.split(',');
    else throw new Error(`not known: ${args.slice(at, at + 2).join(' ')}\n${USAGE}`);
  }
  return out;
}

/** Whether all is measured that has a budget, however often. */
export function isWhole({ count, only, peers, stored }) {
  const groups = WHOLE.only.every((group) => only.includes(group));
  return groups && count === WHOLE.count && peers === WHOLE.peers && stored >= WHOLE.stored;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  try {
    if (args.some((arg) => arg === '--help' || arg === '-h')) console.log(USAGE);
    else options(args);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
