// The phone's first usable frame on a slow processor and a weak network: never seen before, and installed.

import path from 'node:path';
import { SLOW_CPU, SLOW_NET, browser } from '../browser.mjs';
import { folder, serve } from '../township.mjs';

/** Notes when the app has mounted something to press or to type into, and that frame was drawn. */
function watch() {
  window.firstUsable = new Promise((resolve) => {
    const look = () => {
      const usable = document.querySelector('#app button, #app input, #app a[href]');
      if (!usable || usable.getClientRects().length === 0) return requestAnimationFrame(look);
      return requestAnimationFrame(() => resolve(performance.now()));
    };
    requestAnimationFrame(look);
  });
}

async function measured(context, url) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', SLOW_NET);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_CPU });
  await page.addInitScript(watch);
  await page.goto(url, { waitUntil: 'commit' });
  const ms = await page.evaluate(() => window.firstUsable);
  await page.close();
  return ms;
}

export async function start(report, { server }) {
  const home = await folder();
  const db = ['--db', `sqlite://${path.join(home.at, 'start.sqlite')}`];
  const running = await serve(server, db);
  // Brotli is offered to secure origins only; this name counts as one.
  const url = `${running.origin.replace('127.0.0.1', 'localhost')}/`;
  const { context, close } = await browser({ viewport: { width: 360, height: 740 } });
  try {
    report.figure('field, first usable frame, cold', 'ms', await measured(context, url));
    // Once at full speed, until the service worker has everything and serves this page.
    const page = await context.newPage();
    await page.goto(url);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.close();
    report.figure('field, first usable frame, warm', 'ms', await measured(context, url));
  } finally {
    await close();
    await running.stop();
    await home.drop();
  }
}
