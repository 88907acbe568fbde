// A new device's first synchronisation from a share in which 20 devices have written 10,000 operations: the engine
// itself, compiled for this machine, against a WebDAV folder and a CouchDB database
// (`crates/conform/tests/shares.rs`).

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const TEST = ['test', '--release', '--locked', '--package', 'gridbook-conform', '--test', 'shares', 'first_sync', '--'];
const SAID = /(\S+): 10,000 operations of 20 devices in (\d+) ms/;

export async function shares(report) {
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
