// With a backend: sending all that waits, and the first fetch into an empty browser.

import { Agent } from 'node:http';
import { browser, open } from '../browser.mjs';
import { bodies, push as send } from '../contract.mjs';
import { peerServer } from '../peer-server.mjs';
import { line, visits } from '../records.mjs';
import { median } from '../report.mjs';
import { township } from '../township.mjs';

const PEERS = ['rows', 'rxdb', 'pouchdb'];
const BATCH = 500;

async function ready(context, url) {
  const page = await open(context, url);
  await page.waitForFunction(() => window.ready);
  return page;
}

/** The real server, on disk, with accounts, admission and receipts. */
async function ours(report, { seed, count, server, site }) {
  const town = await township(server, site, 1);
  const { context, close } = await browser();
  const cases = count.toLocaleString('en');
  try {
    const url = `${town.origin}/ours.html`;
    const [account] = town.workers;
    let page = await ready(context, url);
    await page.evaluate((account) => window.bench.open('ours', account), account);
    await page.evaluate(() => window.bench.sync());
    await page.evaluate(([seed, count, batch]) => window.bench.save(seed, count, batch), [seed, count, BATCH]);
    const push = await page.evaluate(() => window.bench.sync());
    if (push.unsent || push.refused) throw new Error(`ours: ${push.unsent} unsent, ${push.refused} refused`);
    report.time(`push ${cases}`, 'ours', push.sent);
    report.figure(`push ${cases}`, 'ms', push.sent);
    report.figure(`push ${cases} and fetch the receipts`, 'ms', push.ms);
    await page.close();
    page = await ready(context, url);
    const ms = await page.evaluate((account) => window.bench.open('other', account), account);
    const pull = await page.evaluate(() => window.bench.sync());
    if (pull.rows !== count) throw new Error(`ours pulled ${pull.rows} of ${count}`);
    report.time(`pull ${cases}`, 'ours', ms + pull.ms);
    report.figure(`first sync of ${cases}`, 'ms', ms + pull.ms);
    report.figure(`ten new operations, ${cases} held`, 'ms', await ten(page, town, seed));
    await page.close();
  } finally {
    await close();
    await town.stop();
  }
}

/** Another device of the same person has written ten: a round of this one, which holds the rest already. */
async function ten(page, town, seed) {
  const [{ user, token }] = town.workers;
  const agent = new Agent({ keepAlive: true });
  const times = [];
  try {
    for (let round = 1; round <= 5; round += 1) {
      const [body] = bodies(user, visits(seed * 1000 + round, 10).map(line));
      const stored = await send(agent, town.origin, token, body);
      if (stored !== 10) throw new Error(`the server stored ${stored} of 10`);
      const before = await page.evaluate(() => window.bench.sync());
      times.push(before.ms);
    }
  } finally {
    agent.destroy();
  }
  return median(times);
}

async function peer(report, who, { seed, count }) {
  const other = await peerServer();
  const { context, close } = await browser();
  const cases = count.toLocaleString('en');
  try {
    const url = `${other.origin}/peer/`;
    let page = await ready(context, url);
    await page.evaluate(([who, seed, count]) => window.bench.save(who, who, seed, count), [who, seed, count]);
    report.time(`push ${cases}`, who, await page.evaluate((who) => window.bench.push(who, who, 'visits'), who));
    await page.close();
    page = await ready(context, url);
    const pull = await page.evaluate((who) => window.bench.pull(who, `${who}-other`, 'visits'), who);
    if (pull.rows !== count) throw new Error(`${who} pulled ${pull.rows} of ${count}`);
    report.time(`pull ${cases}`, who, pull.ms);
    await page.close();
  } finally {
    await close();
    await other.stop();
  }
}

export async function sync(report, options) {
  await ours(report, options);
  for (const who of options.peers ?? PEERS) await peer(report, who, options);
}
