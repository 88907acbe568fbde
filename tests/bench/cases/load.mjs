// The server alone, measured by its own program (`crates/server/examples/load`), on both databases: full admission beside
// the same rows inserted bare, a county's phones within a minute, and what an operation costs the more are stored.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

async function measured(report, ...arguments_) {
  const program = process.env.GRIDBOOK_LOAD;
  if (!program) throw new Error('GRIDBOOK_LOAD names no program: use cargo xtask bench');
  const child = spawn(program, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const { case: name, unit, value } = JSON.parse(line);
    report.figure(name, unit, value);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`load ${arguments_.join(' ')} ended with ${code}`);
}

/** Full admission, on both databases. */
export const ingest = (report) => measured(report, 'ingest', 'rounds=1');

const DATABASES = ['sqlite', 'postgres'];

/** All phones of a county come online within a minute, on either database. */
export async function crowd(report) {
  for (const database of DATABASES) await measured(report, 'crowd', database);
}

/** Ten thousand, a hundred thousand, a million operations stored; `--stored 10000000` goes on to ten million. */
export async function grow(report, { stored }) {
  for (const database of DATABASES) await measured(report, 'grow', database, `to=${stored}`);
}
