// The peers' other side, as favourable as we can make it: everything in memory, no accounts, no rules, and the same
// origin as their page, so that no request is asked for twice.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import express from 'express-pouchdb';
import PouchDB from 'pouchdb';
import memory from 'pouchdb-adapter-memory';

const HERE = path.dirname(fileURLToPath(import.meta.url));

/** The peers' page, bundled. */
async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [path.join(HERE, 'pages/peers.js')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

function body(request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
    request.on('error', reject);
  });
}

/** Documents by place: what a plain handler of the replications asks for. */
class Shelf {
  documents = [];

  after(query) {
    const from = Number(query.get('after') || 0);
    const documents = this.documents.slice(from, from + Number(query.get('limit')));
    return { documents, checkpoint: { at: from + documents.length } };
  }
}

/** Starts; every `stop` forgets everything. */
export async function peerServer() {
  PouchDB.plugin(memory);
  const Store = PouchDB.defaults({ adapter: 'memory', prefix: `bench-${process.pid}-${performance.now()}-` });
  const pouch = express(Store, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: '/dev/null' });
  const script = await bundle();
  const page = await readFile(path.join(HERE, 'pages/peers.html'));
  const shelves = new Map();
  const answer = async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const send = (type, content) => response.writeHead(200, { 'content-type': type }).end(content);
    const name = url.pathname.slice('/peer/shelf/'.length);
    if (url.pathname === '/peer/') return send('text/html; charset=utf-8', page);
    if (url.pathname === '/peer/peers.js') return send('text/javascript; charset=utf-8', script);
    if (!url.pathname.startsWith('/peer/shelf/')) return pouch(request, response);
    if (!shelves.has(name)) shelves.set(name, new Shelf());
    const shelf = shelves.get(name);
    if (request.method === 'POST') {
      shelf.documents.push(...(await body(request)));
      return send('application/json', '[]');
    }
    return send('application/json', JSON.stringify(shelf.after(url.searchParams)));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
