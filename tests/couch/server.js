// A database server that speaks CouchDB's protocol, in memory; prints its address. Ends with its standard input.
const express = require('express');
const PouchDB = require('pouchdb-core')
  .plugin(require('pouchdb-adapter-memory'))
  .plugin(require('pouchdb-mapreduce'))
  .plugin(require('pouchdb-replication'));

const Memory = PouchDB.defaults({ adapter: 'memory' });
const app = express();
app.use('/', require('express-pouchdb')(Memory, {
  inMemoryConfig: true,
  logPath: '/dev/null',
  mode: 'custom',
  overrideMode: { include: ['routes/db', 'routes/all-docs', 'routes/bulk-docs', 'routes/changes', 'routes/documents',
    'routes/attachments', 'routes/root'] },
}));
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
