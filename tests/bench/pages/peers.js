// The peers in the page, each as its manual says for many records at once: batches of 500 to save, 1,000 to pull.

import Dexie from 'dexie';
import PouchDB from 'pouchdb';
import { createRxDatabase } from 'rxdb/plugins/core';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { document as flat, visits } from '../records.mjs';

const SAVE = 500;
const PULL = 1000;

function chunks(list, size) {
  const out = [];
  for (let at = 0; at < list.length; at += size) out.push(list.slice(at, at + size));
  return out;
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const records = (seed, count) => visits(seed, count).map(flat);
const shelf = (name) => `/peer/shelf/${name}`;

async function getPage(name, after, limit) {
  return (await fetch(`${shelf(name)}?after=${after}&limit=${limit}`)).json();
}

async function post(name, documents) {
  await (await fetch(shelf(name), { method: 'POST', body: JSON.stringify(documents) })).json();
}

/** Rows in IndexedDB by hand: one store, one index. */
class Rows {
  static async open(name) {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('visits', { keyPath: 'id' }).createIndex('visit_at', 'visit_at');
    };
    const rows = new Rows();
    rows.db = await new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return rows;
  }

  write(documents, durability) {
    return new Promise((resolve, reject) => {
      const tx = this.db.transaction('visits', 'readwrite', durability ? { durability } : undefined);
      const store = tx.objectStore('visits');
      for (const document of documents) store.put(document);
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error);
    });
  }

  async save(documents) {
    for (const chunk of chunks(documents, SAVE)) await this.write(chunk);
  }

  saveOne(document) {
    return this.write([document], 'strict');
  }

  all() {
    return new Promise((resolve, reject) => {
      const request = this.db.transaction('visits').objectStore('visits').getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  async push(remote) {
    for (const chunk of chunks(await this.all(), SAVE)) await post(remote, chunk);
  }

  async pull(remote) {
    for (let after = 0; ; ) {
      const { documents, checkpoint } = await getPage(remote, after, PULL);
      if (documents.length === 0) return;
      await this.save(documents);
      after = checkpoint.at;
    }
  }

  close() {
    this.db.close();
  }
}

class DexiePeer {
  static async open(name) {
    const peer = new DexiePeer();
    peer.db = new Dexie(name);
    peer.db.version(1).stores({ visits: 'id,visit_at' });
    await peer.db.open();
    return peer;
  }

  async save(documents) {
    for (const chunk of chunks(documents, SAVE)) await this.db.visits.bulkAdd(chunk);
  }

  saveOne(document) {
    return this.db.visits.add(document);
  }

  all() {
    return this.db.visits.toArray();
  }

  close() {
    this.db.close();
  }
}

const TEXT = { type: 'string', maxLength: 100 };
const SCHEMA = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    ...Object.fromEntries(Object.keys(records(1, 1)[0]).map((name) => [name, TEXT])),
    purposes: { type: 'array', items: { type: 'string' } },
  },
  indexes: ['visit_at'],
  required: ['id', 'visit_at'],
};

class RxPeer {
  static async open(name) {
    const peer = new RxPeer();
    peer.db = await createRxDatabase({ name, storage: getRxStorageDexie(), multiInstance: false });
    await peer.db.addCollections({ visits: { schema: SCHEMA } });
    return peer;
  }

  async save(documents) {
    for (const chunk of chunks(documents, SAVE)) {
      const { error } = await this.db.visits.bulkInsert(chunk);
      if (error.length) throw new Error('RxDB refused a record');
    }
  }

  saveOne(document) {
    return this.db.visits.insert(document);
  }

  async all() {
    return (await this.db.visits.find().exec()).map((document) => document.toJSON());
  }

  async replicate(remote, direction) {
    const handlers = {
      pull: {
        batchSize: PULL,
        async handler(checkpoint, limit) {
          const page = await getPage(remote, checkpoint?.at ?? 0, limit);
          return {
            documents: page.documents.map((document) => ({ ...document, _deleted: false })),
            checkpoint: page.checkpoint,
          };
        },
      },
      push: {
        batchSize: SAVE,
        async handler(rows) {
          await post(remote, rows.map((row) => row.newDocumentState));
          return [];
        },
      },
    };
    const replication = replicateRxCollection({
      collection: this.db.visits,
      replicationIdentifier: `bench-${remote}-${direction}`,
      live: false,
      waitForLeadership: false,
      [direction]: handlers[direction],
    });
    let failed;
    replication.error$.subscribe((error) => {
      failed = error;
    });
    await replication.awaitInitialReplication();
    if (failed) throw failed;
  }

  push(remote) {
    return this.replicate(remote, 'push');
  }

  pull(remote) {
    return this.replicate(remote, 'pull');
  }

  close() {
    return this.db.close();
  }
}

class PouchPeer {
  static async open(name) {
    const peer = new PouchPeer();
    peer.db = new PouchDB(name);
    await peer.db.info();
    return peer;
  }

  async save(documents) {
    const named = documents.map(({ id, ...rest }) => ({ _id: id, ...rest }));
    for (const chunk of chunks(named, SAVE)) await this.db.bulkDocs(chunk);
  }

  saveOne({ id, ...rest }) {
    return this.db.put({ _id: id, ...rest });
  }

  async all() {
    return (await this.db.allDocs({ include_docs: true })).rows.map((row) => row.doc);
  }

  async push(remote) {
    await this.db.replicate.to(new PouchDB(`${location.origin}/${remote}`), { batch_size: PULL });
  }

  async pull(remote) {
    await this.db.replicate.from(new PouchDB(`${location.origin}/${remote}`), { batch_size: PULL });
  }

  close() {
    return this.db.close();
  }
}

const PEERS = { rows: Rows, dexie: DexiePeer, rxdb: RxPeer, pouchdb: PouchPeer };

window.bench = {
  async save(peer, name, seed, count) {
    const documents = records(seed, count);
    const open = await PEERS[peer].open(name);
    const ms = await timed(() => open.save(documents));
    await open.close();
    return ms;
  },

  async saveOne(peer, name, seed, count) {
    const documents = records(seed, count);
    const open = await PEERS[peer].open(name);
    const times = [];
    for (const document of documents) times.push(await timed(() => open.saveOne(document)));
    await open.close();
    return times;
  },

  /** Opens the database as a start does, and reads every record. */
  async list(peer, name) {
    let rows = 0;
    let open;
    const ms = await timed(async () => {
      open = await PEERS[peer].open(name);
      rows = (await open.all()).filter((document) => document.visit_at.length > 0 && document.mode).length;
    });
    await open.close();
    return { ms, rows };
  },

  async push(peer, name, remote) {
    const open = await PEERS[peer].open(name);
    const ms = await timed(() => open.push(remote));
    await open.close();
    return ms;
  },

  /** Into an empty database; says how many records there are then. */
  async pull(peer, name, remote) {
    const open = await PEERS[peer].open(name);
    const ms = await timed(() => open.pull(remote));
    const rows = (await open.all()).length;
    await open.close();
    return { ms, rows };
  },
};
window.ready = true;
