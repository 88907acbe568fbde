// A real server on an empty database, with accounts made as a township makes them.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { AREA } from './records.mjs';

/** Of every account here. */
export const PASSWORD = 'gridbook-bench-1';
const run = promisify(execFile);

async function post(origin, to, body, token) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  const response = await fetch(origin + to, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${to}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Starts the server; `arguments_` come after `serve`. */
async function serve(program, arguments_) {
  const child = spawn(program, ['serve', '--listen', '127.0.0.1:0', ...arguments_], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, RUST_LOG: 'warn' },
  });
  const lines = createInterface({ input: child.stdout });
  const origin = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    lines.on('line', (line) => {
      if (/^http:\/\/127\.0\.0\.1:\d+$/.test(line)) resolve(line);
    });
  });
  return {
    origin,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A folder for a database, and how to get rid of it. */
async function folder() {
  const at = await mkdtemp(path.join(process.env.GRIDBOOK_BENCH_TMP ?? tmpdir(), 'gridbook-db-'));
  return { at, drop: () => rm(at, { recursive: true, force: true }) };
}

/** An empty township with `count` grid workers; pages come from `dist`, `more` are words for `serve`. */
export async function township(program, dist, count, more = []) {
  const home = await folder();
  const db = ['--db', `sqlite://${path.join(home.at, 'bench.sqlite')}`];
  const town = ['--name', '青禾镇', '--township', AREA.slice(0, 9), '--code', '青禾'];
  const made = await run(program, ['init', '--admin', 'bench_admin', ...town, ...db]);
  const code = made.stdout.match(/#\/invite\/(\S+)/)[1];
  const server = await serve(program, [...db, ...(dist ? ['--dist', dist] : []), ...more]);
  const accept = (invite) => post(server.origin, `/api/invites/${invite}/accept`, { password: PASSWORD });
  const { token: admin } = await accept(code);
  const users = Array.from({ length: count }, (_, n) => `worker${n + 1}`);
  const staff = users.map((user, n) => ({
    user,
    name: `网格员${n + 1}`,
    assignments: [{ role: 'grid_worker_l1', area: AREA }],
  }));
  await post(server.origin, '/api/staff/import', { staff }, admin);
  const workers = [];
  for (const user of users) {
    const invite = await post(server.origin, '/api/invites', { user }, admin);
    const { token } = await accept(invite.code);
    workers.push({ user, token });
  }
  return {
    origin: server.origin,
    workers,
    async stop() {
      await server.stop();
      await home.drop();
    },
  };
}
