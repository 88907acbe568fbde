// Chromium without a window, on a disk of its own: a private window would keep its databases in memory.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

/** Times slower than this machine: a cheap phone. */
export const SLOW_CPU = 6;
/** A weak mobile network: 1.6 Mbit/s down, 150 ms there and back. */
export const SLOW_NET = {
  offline: false,
  latency: 150,
  downloadThroughput: (1.6 * 1000 * 1000) / 8,
  uploadThroughput: (750 * 1000) / 8,
};

/** A fresh profile; `close` throws it away. */
export async function browser(options = {}) {
  const folder = await mkdtemp(path.join(process.env.GRIDBOOK_BENCH_TMP ?? tmpdir(), 'gridbook-bench-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.GRIDBOOK_CHROMIUM || undefined,
    headless: true,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--enable-precise-memory-info'],
    ...options,
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A page at `url`, with its failures on our standard error. */
export async function open(context, url) {
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`page: ${error.message}`));
  await page.goto(url);
  return page;
}

/** Slows the page's processor down, times `factor`; 1 ends it. */
export async function slow(page, factor) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: factor });
  return session;
}

/** Bytes of script objects after a collection. */
export async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find((metric) => metric.name === 'JSHeapUsedSize').value;
}
