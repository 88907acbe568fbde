// 100,000 operations: how long until an empty tab has them, and what it holds: right after that, and when it is opened
// again.

import { browser, heap, open } from '../browser.mjs';
import { township } from '../township.mjs';

/** Each gets a receipt: with them 100,000 operations. */
const RECORDS = 50_000;
const BATCH = 500;

async function ready(context, url) {
  const page = await open(context, url);
  await page.waitForFunction(() => window.ready);
  return page;
}

/** Megabytes of the program's own memory and of script objects. */
async function held(page) {
  return ((await page.evaluate(() => window.bench.memory())) + (await heap(page))) / 2 ** 20;
}

export async function memory(report, { seed, server, site }) {
  const town = await township(server, site, 1);
  const { context, close } = await browser();
  const [account] = town.workers;
  const url = `${town.origin}/ours.html`;
  try {
    let page = await ready(context, url);
    await page.evaluate((account) => window.bench.open('ours', account), account);
    await page.evaluate(() => window.bench.sync());
    await page.evaluate(([seed, count, batch]) => window.bench.save(seed, count, batch), [seed, RECORDS, BATCH]);
    const push = await page.evaluate(() => window.bench.sync());
    if (push.unsent || push.refused) throw new Error(`${push.unsent} unsent, ${push.refused} refused`);
    await page.close();
    page = await ready(context, url);
    const ms = await page.evaluate((account) => window.bench.open('other', account), account);
    const pull = await page.evaluate(() => window.bench.sync());
    if (pull.rows !== RECORDS) throw new Error(`pulled ${pull.rows} of ${RECORDS}`);
    report.figure('first sync of 100,000', 'ms', ms + pull.ms);
    report.figure('tab with 100,000 operations, just synchronised', 'MB', await held(page));
    await page.close();
    page = await ready(context, url);
    const list = await page.evaluate((account) => window.bench.list('other', account), account);
    if (list.rows !== RECORDS) throw new Error(`lists ${list.rows} of ${RECORDS}`);
    report.figure('tab with 100,000 operations, opened again', 'MB', await held(page));
    await page.close();
  } finally {
    await close();
    await town.stop();
  }
}
