/*
 * Runs operations in a Laurel server of its own, and prints the SQL that it sends: started by recording.js with the
 * operations as JSON on standard input. What leaves through `pg` is what counts, so that this goes on working whatever
 * becomes of the statements and of the code that makes them.
 */
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
// First: it brings the metadata that the other parts' decorators need.
import '../dist/src/schema.js';
import { loadConfig } from '../dist/src/config.js';
import { openDatabase } from '../dist/src/database/database.js';
import { createLog } from '../dist/src/log.js';
import { createServer } from '../dist/src/server.js';
import { bodyOf, headersOf } from './servers.js';

// The copy of pg that Laurel's driver uses: there can be others beside it.
const fromLaurel = createRequire(new URL('../package.json', import.meta.url));
const { Client } = createRequire(fromLaurel.resolve('@mikro-orm/postgresql/package.json'))('pg');

const WARM_UP = 5;

let statements = [];

const { query } = Client.prototype;
Client.prototype.query = function record(statement, values, ...rest) {
  const entry = {
    text: statement.text ?? statement,
    values: statement.values ?? (Array.isArray(values) ? values : []),
  };
  statements.push(entry);
  const result = query.call(this, statement, values, ...rest);
  void noteColumns(entry, result);
  return result;
};

async function noteColumns(entry, result) {
  try {
    const { fields } = await result;
    entry.columns = fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
  } catch {
    // Whoever sent the statement hears of it.
  }
}

const config = loadConfig();
const database = await openDatabase(config);
const server = await createServer(
  database,
  { ...config, tokenKey: Buffer.from(config.tokenSecret) },
  createLog(config.logLevel),
);

async function answer(operation) {
  const request = { method: 'POST', url: '/graphql', headers: headersOf(operation), payload: bodyOf(operation) };
  const { data, errors } = (await server.http.inject(request)).json();
  if (errors !== undefined) {
    throw new Error(`Recording ${operation.query} failed: ${JSON.stringify(errors)}`);
  }
  return data;
}

const recordings = [];
for (const operation of JSON.parse(await text(process.stdin))) {
  // What the first requests alone do, such as looking for the database, must not be taken for a part of every one.
  for (let run = 0; run < WARM_UP; run += 1) {
    await answer(operation);
  }
  statements = [];
  await answer(operation);
  if (statements.length === 0) {
    throw new Error('Nothing was recorded: Laurel does not send its statements through this copy of pg.');
  }
  recordings.push([...statements]);
}
process.stdout.write(JSON.stringify(recordings), () => process.exit(0));
