// The search box's work on a slow phone: 1,000 households, what people type, letter by letter.

import { SLOW_CPU, browser, open, slow } from '../browser.mjs';
import { township } from '../township.mjs';

const HOUSEHOLDS = 1000;
const TYPED = ['单', '王建国', 'zjg', '9900', '12号', '桂花村', 'sc', '桂花村 李'];

export async function search(report, { seed, server, site }) {
  const town = await township(server, site, 0);
  const { context, close } = await browser();
  try {
    const page = await open(context, `${town.origin}/ours.html`);
    await page.waitForFunction(() => window.ready);
    await page.evaluate(() => window.bench.open('search', { user: 'worker1' }));
    await page.evaluate(([seed, count]) => window.bench.saveHouseholds(seed, count), [seed, HOUSEHOLDS]);
    await slow(page, SLOW_CPU);
    const answers = [];
    for (const words of TYPED) answers.push(await page.evaluate((words) => window.bench.search(words), words));
    if (!answers.some(({ found }) => found > 0)) throw new Error('the search found nobody');
    report.figure('search 1,000 households, CPU x6', 'ms', Math.max(...answers.map(({ ms }) => ms)));
  } finally {
    await close();
    await town.stop();
  }
}
