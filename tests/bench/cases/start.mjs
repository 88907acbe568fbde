// The phone's first usable frame on a slow processor and a weak network: never seen before (to sign in), and
// installed and signed in (to work).

import { SLOW_CPU, SLOW_NET, browser, open } from '../browser.mjs';
import { secure, signIn } from '../field.mjs';
import { township } from '../township.mjs';

/** Notes when the thing to press is there and its frame was drawn. */
function watch(name) {
  window.firstUsable = new Promise((resolve) => {
    const look = () => {
      const usable = document.querySelector(`[data-testid=${name}]`);
      if (!usable || usable.getClientRects().length === 0) return requestAnimationFrame(look);
      return requestAnimationFrame(() => resolve(performance.now()));
    };
    requestAnimationFrame(look);
  });
}

async function measured(context, url, name) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', SLOW_NET);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_CPU });
  await page.addInitScript(watch, name);
  await page.goto(url, { waitUntil: 'commit' });
  const ms = await page.evaluate(() => window.firstUsable);
  await page.close();
  return ms;
}

export async function start(report, { server }) {
  const town = await township(server, null, 1);
  const { context, close } = await browser({ viewport: { width: 360, height: 740 } });
  try {
    const url = secure(town.origin);
    report.figure('field, first usable frame, cold', 'ms', await measured(context, url, 'login-submit'));
    // Once at full speed, until the service worker has everything and serves this page.
    const page = await open(context, url);
    await signIn(page, town.workers[0].user);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.close();
    report.figure('field, first usable frame, warm', 'ms', await measured(context, url, 'tab-home'));
  } finally {
    await close();
    await town.stop();
  }
}
