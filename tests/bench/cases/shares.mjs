// A new device's first synchronisation from a share in which 20 devices have written 10,000 operations: the engine
// itself, compiled for this machine, against a WebDAV folder and a CouchDB database
// (`crates/conform/tests/shares.rs`), and in a browser, through the relay of the township's server, as a phone does it.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Couch } from '../../browser/harness/couch.mjs';
import { ACCOUNT, Dav } from '../../browser/harness/dav.mjs';
import { browser, open } from '../browser.mjs';
import { median } from '../report.mjs';
import { township } from '../township.mjs';

const TEST = ['test', '--release', '--locked', '--package', 'gridbook-conform', '--test', 'shares', 'first_sync', '--'];
const SAID = /(\S+): 10,000 operations of 20 devices in (\d+) ms/;
const DEVICES = 20;
const EACH = 500;
const READERS = 3;

async function native(report) {
  const child = spawn('cargo', [...TEST, '--nocapture', '--test-threads=1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = line.match(SAID);
    if (!said) continue;
    report.figure(`first sync of 10,000 from ${said[1]}, 20 devices`, 'ms', Number(said[2]));
    count += 1;
  }
  const code = await ended;
  if (code !== 0 || count !== 2) throw new Error(`the shares ended with ${code} after ${count} figures`);
}

/** 20 devices write, each from a database of its own; then new ones read. */
async function inBrowser(report, { server, site, seed }, name, address, how) {
  const town = await township(server, site, 1, ['--share', `bench=${address}`]);
  const { context, close } = await browser();
  try {
    const [{ user, token }] = town.workers;
    const device = async (number, count) => {
      const page = await open(context, `${town.origin}/ours.html`);
      await page.waitForFunction(() => window.ready);
      const asked = { name: `device${number}`, user, seed: seed * 100 + number, count, share: 'bench', token, ...how };
      const round = await page.evaluate((asked) => window.bench.throughShare(asked), asked);
      if (round.unsent || round.refused) throw new Error(`${name}: ${round.unsent} unsent, ${round.refused} refused`);
      await page.close();
      return round;
    };
    for (let number = 1; number <= DEVICES; number += 1) await device(number, EACH);
    const times = [];
    for (let number = 1; number <= READERS; number += 1) {
      const { ms, rows } = await device(DEVICES + number, 0);
      if (rows !== DEVICES * EACH) throw new Error(`${name}: ${rows} of ${DEVICES * EACH}`);
      times.push(ms);
    }
    report.figure(`first sync of 10,000 from ${name} in a browser, 20 devices`, 'ms', median(times));
  } finally {
    await close();
    await town.stop();
  }
}

export async function shares(report, options) {
  await native(report);
  const dav = await Dav.start();
  try {
    await inBrowser(report, options, 'Apache', dav.origin, { couch: false, login: ACCOUNT });
  } finally {
    await dav.stop();
  }
  const couch = await Couch.start();
  try {
    await inBrowser(report, options, 'express-pouchdb', couch.address, { couch: true });
  } finally {
    await couch.stop();
  }
}
