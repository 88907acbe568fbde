// S3-compatible storage on a free port, in a folder of its own, with one bucket. Prints its address, and ends when
// its standard input does.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const S3rver = require('s3rver');

const directory = mkdtempSync(path.join(tmpdir(), 'gridbook-s3-'));
const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory,
  configureBuckets: [{ name: 'gridbook' }],
});
server.run().then(({ address, port }) => console.log(`http://${address}:${port}`));
process.stdin.resume();
process.stdin.on('end', () => {
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
});
