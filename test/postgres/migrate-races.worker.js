import 'reflect-metadata';
import { openDatabase } from '../../dist/src/database/database.js';
import { runMigrations } from '../../dist/src/migrate/run.js';

/*
 * One of the runners of migrate-races.test.ts, from the build: applies what is pending in each database it is told of,
 * and answers with the names of what it has applied, or why it failed.
 */

/**
 * @typedef {object} Task
 * @property {string} url of the database
 * @property {string} folder of the migrations
 */

process.on('message', (/** @type {Task} */ { url, folder }) => {
  run(url, folder).then(
    (applied) => process.send({ applied }),
    (error) => process.send({ applied: [], error: String(error) }),
  );
});
process.send('ready');

async function run(url, folder) {
  const database = await openDatabase({ databaseUrl: url, databasePoolSize: 2, dataDir: '' });
  try {
    return await runMigrations(database, 'up', 'head', { folder });
  } finally {
    await database.close();
  }
}
