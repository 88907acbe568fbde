// The search box of the phone's own bundle on a slow processor: 1,000 households, what people type.

import { Agent } from 'node:http';
import { SLOW_CPU, browser, open, slow } from '../browser.mjs';
import { bodies, push } from '../contract.mjs';
import { secure, signIn } from '../field.mjs';
import { households } from '../records.mjs';
import { township } from '../township.mjs';

const HOUSEHOLDS = 1000;
const TYPED = ['单', '王建国', 'zjg', '12号', '桂花村', 'sc', '桂花村 李'];

/** The last four digits of somebody's phone. */
function tail(line) {
  const { set } = JSON.parse(line).create;
  return set[Object.keys(set).find((path) => path.endsWith('/phone'))].slice(-4);
}

/** From the key to the frame with the answer. */
async function typed(words) {
  const box = document.querySelector('[data-testid=household-search]');
  const start = performance.now();
  box.value = words;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const found = document.querySelectorAll('[data-testid=household-row]').length;
  return { ms: performance.now() - start, found };
}

export async function search(report, { seed, server }) {
  const town = await township(server, null, 1);
  const agent = new Agent({ keepAlive: true });
  const { context, close } = await browser({ viewport: { width: 360, height: 740 } });
  try {
    const [{ user, token }] = town.workers;
    const lines = households(seed, HOUSEHOLDS);
    let stored = 0;
    for (const body of bodies(user, lines)) stored += await push(agent, town.origin, token, body);
    if (stored !== HOUSEHOLDS) throw new Error(`the server stored ${stored} of ${HOUSEHOLDS} households`);
    const page = await open(context, secure(town.origin));
    await signIn(page, user);
    await page.evaluate(() => {
      window.location.hash = '#/households';
    });
    await page.getByTestId('household-row').first().waitFor();
    await slow(page, SLOW_CPU);
    const answers = [];
    for (const words of [...TYPED, tail(lines[0])]) {
      answers.push(await page.evaluate(typed, words));
      await page.evaluate(typed, '');
    }
    if (!answers.every(({ found }) => found > 0)) throw new Error(`found nobody: ${JSON.stringify(answers)}`);
    report.figure('search 1,000 households, CPU x6', 'ms', Math.max(...answers.map(({ ms }) => ms)));
  } finally {
    agent.destroy();
    await close();
    await town.stop();
  }
}
