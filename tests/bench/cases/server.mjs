// The server alone: several phones push at once, over HTTP, with sessions, admission, receipts and a disk that
// has everything before the answer. Bodies are made before the clock starts.

import { Agent } from 'node:http';
import { bodies, push } from '../contract.mjs';
import { line, visits } from '../records.mjs';
import { township } from '../township.mjs';

const PHONES = 4;

async function phone(agent, origin, token, batches) {
  let stored = 0;
  for (const body of batches) stored += await push(agent, origin, token, body);
  return stored;
}

export async function load(report, { seed, count, server }) {
  const town = await township(server, null, PHONES);
  const agent = new Agent({ keepAlive: true, maxSockets: PHONES });
  try {
    const work = town.workers.map(({ user, token }, n) => {
      return { token, batches: bodies(user, visits(seed * 100 + n, count).map(line)) };
    });
    const start = performance.now();
    const stored = await Promise.all(work.map(({ token, batches }) => phone(agent, town.origin, token, batches)));
    const seconds = (performance.now() - start) / 1000;
    const total = stored.reduce((a, b) => a + b);
    if (total !== PHONES * count) throw new Error(`the server stored ${total} of ${PHONES * count} operations`);
    report.figure('server, push of 500 over HTTP', 'operations/s', total / seconds);
  } finally {
    agent.destroy();
    await town.stop();
  }
}
