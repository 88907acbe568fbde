// On the device alone: saving, one by one as a person does, and opening the list.

import { SLOW_CPU, browser, heap, open, slow } from '../browser.mjs';
import { percentile } from '../report.mjs';
import { peerServer } from '../peer-server.mjs';
import { township } from '../township.mjs';

const PEERS = ['rows', 'dexie', 'rxdb', 'pouchdb'];
const BATCH = 500;
const SINGLES = 100;
const name = (count) => count.toLocaleString('en');

async function ready(context, url) {
  const page = await open(context, url);
  await page.waitForFunction(() => window.ready);
  return page;
}

function singles(report, who, times) {
  report.time('save one, p50, CPU x6', who, percentile(times, 0.5));
  report.time('save one, p95, CPU x6', who, percentile(times, 0.95));
  if (who === 'ours') report.figure('save one, p95, CPU x6', 'ms', percentile(times, 0.95));
}

async function ours(report, context, url, seed, count) {
  const account = { user: 'worker1' };
  let page = await ready(context, url);
  await page.evaluate((account) => window.bench.open('ours', account), account);
  const ms = await page.evaluate(([seed, count, batch]) => window.bench.save(seed, count, batch), [seed, count, BATCH]);
  report.time(`save ${name(count)}`, 'ours', ms);
  await page.close();
  // As at a start: nothing of it is in memory.
  page = await ready(context, url);
  const list = await page.evaluate((account) => window.bench.list('ours', account), account);
  if (list.rows !== count) throw new Error(`ours lists ${list.rows} of ${count}`);
  report.time(`open list of ${name(count)}`, 'ours', list.ms);
  const memory = await page.evaluate(() => window.bench.memory());
  report.figure(`memory with ${name(count)} listed: wasm`, 'MB', memory / 2 ** 20);
  report.figure(`memory with ${name(count)} listed: script`, 'MB', (await heap(page)) / 2 ** 20);
  const session = await slow(page, SLOW_CPU);
  singles(report, 'ours', await page.evaluate(([seed, count]) => window.bench.saveOne(seed, count), [seed + 1000, SINGLES]));
  await session.detach();
  await page.close();
}

async function peer(report, context, url, who, seed, count) {
  let page = await ready(context, url);
  const ms = await page.evaluate(([who, seed, count]) => window.bench.save(who, who, seed, count), [who, seed, count]);
  report.time(`save ${name(count)}`, who, ms);
  await page.close();
  page = await ready(context, url);
  const list = await page.evaluate((who) => window.bench.list(who, who), who);
  if (list.rows !== count) throw new Error(`${who} lists ${list.rows} of ${count}`);
  report.time(`open list of ${name(count)}`, who, list.ms);
  await page.close();
  page = await ready(context, url);
  const session = await slow(page, SLOW_CPU);
  const times = await page.evaluate(([who, seed, count]) => window.bench.saveOne(who, who, seed, count), [who, seed + 1000, SINGLES]);
  singles(report, who, times);
  await session.detach();
  await page.close();
}

export async function local(report, { seed, count, server, site, peers = PEERS }) {
  const town = await township(server, site, 0);
  const other = await peerServer();
  const { context, close } = await browser();
  try {
    await ours(report, context, `${town.origin}/ours.html`, seed, count);
    for (const who of peers) await peer(report, context, `${other.origin}/peer/`, who, seed, count);
  } finally {
    await close();
    await other.stop();
    await town.stop();
  }
}
