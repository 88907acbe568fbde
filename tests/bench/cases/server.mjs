// The server alone: several phones push at once, over HTTP, with sessions, admission, receipts and a disk that
// has everything before the answer. Bodies are made before the clock starts; operations by the contract's text.

import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { line, visits } from '../records.mjs';
import { township } from '../township.mjs';

const PHONES = 4;
const BATCH = 500;

function operation(record, writer, user, now) {
  const { create } = JSON.parse(line(record));
  const time = `${now.toString(16).padStart(12, '0')}.0000`;
  return {
    h: `gb1 ${record.id} ${writer.dev}.1.1 ${time} create ${user} -`,
    s: randomBytes(16).toString('hex'),
    b: JSON.stringify(create),
  };
}

function bodies(user, seed, count) {
  const writer = { dev: randomBytes(8).toString('hex'), epoch: 1 };
  const now = Date.now();
  const ops = visits(seed, count).map((record) => operation(record, writer, user, now));
  const out = [];
  for (let at = 0; at < ops.length; at += BATCH) {
    out.push(Buffer.from(JSON.stringify({ writer, nonce: writer.dev, now, ops: ops.slice(at, at + BATCH) })));
  }
  return out;
}

function post(agent, origin, token, body) {
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    authorization: `Bearer ${token}`,
    'gridbook-contract': '1',
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}/sync/v1/push`, { method: 'POST', agent, headers }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function phone(agent, origin, token, batches) {
  let stored = 0;
  for (const body of batches) {
    const { status, text } = await post(agent, origin, token, body);
    if (status !== 200) throw new Error(`push: ${status} ${text}`);
    stored += text.split('"r":"ok"').length - 1;
  }
  return stored;
}

export async function load(report, { seed, count, server }) {
  const town = await township(server, null, PHONES);
  const agent = new Agent({ keepAlive: true, maxSockets: PHONES });
  try {
    const work = town.workers.map(({ user, token }, n) => ({ token, batches: bodies(user, seed * 100 + n, count) }));
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
