// The sync contract as a third party would speak it: operations by their text, pushed over plain HTTP.

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';

/** Most operations in one push. */
const BATCH = 500;

function operation({ id, create }, writer, user, now) {
  const time = `${now.toString(16).padStart(12, '0')}.0000`;
  return {
    h: `gb1 ${id} ${writer.dev}.1.1 ${time} create ${user} -`,
    s: randomBytes(16).toString('hex'),
    b: JSON.stringify(create),
  };
}

/** Bodies of the pushes that send `lines` (see `records.mjs`) as `user` from a device of its own. */
export function bodies(user, lines) {
  const writer = { dev: randomBytes(8).toString('hex'), epoch: 1 };
  const now = Date.now();
  const ops = lines.map((line) => operation(JSON.parse(line), writer, user, now));
  const out = [];
  for (let at = 0; at < ops.length; at += BATCH) {
    const push = { writer, nonce: writer.dev, now, ops: ops.slice(at, at + BATCH) };
    out.push(Buffer.from(JSON.stringify(push)));
  }
  return out;
}

/** Sends one push; returns how many operations the server stored. */
export function push(agent, origin, token, body) {
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
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode === 200) resolve(text.split('"r":"ok"').length - 1);
        else reject(new Error(`push: ${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
