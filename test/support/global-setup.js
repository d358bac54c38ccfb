import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes an empty embedded database once, migrates it, and keeps a dump of both; where there is a server, a migrated one
 * there as well. A test then opens a copy in a second or less instead of making its own. Uses the build, which `npm test`
 * makes first.
 */
export default async function globalSetup() {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-test-'));
  await dumpEmbedded(folder);
  const server = process.env.TEST_POSTGRES_URL;
  const dropTemplate = server === undefined ? undefined : await makeTemplate(server);
  globalThis.removeTestDatabases = async () => {
    rmSync(folder, { recursive: true, force: true });
    await dropTemplate?.();
  };
}

async function dumpEmbedded(folder) {
  const { PGlite } = await import('@electric-sql/pglite');
  const { MikroORM } = await import('@mikro-orm/pglite');
  const { ormOptions } = await import('../../dist/src/database/options.js');
  const { upgrade } = await import('../../dist/src/migrate/upgrade.js');
  const client = await PGlite.create();
  process.env.LAUREL_TEST_EMPTY_DUMP = await keepDump(client, join(folder, 'empty.tar'));
  const orm = await MikroORM.init({ ...ormOptions, driverOptions: { pglite: () => client } });
  await upgrade({ orm, embedded: true, close: () => orm.close() });
  process.env.LAUREL_TEST_DUMP = await keepDump(client, join(folder, 'migrated.tar'));
  await orm.close();
  await client.close();
}

async function keepDump(client, file) {
  const dump = await client.dumpDataDir('none');
  writeFileSync(file, Buffer.from(await dump.arrayBuffer()));
  return file;
}

/** Answers with what drops it again. */
async function makeTemplate(server) {
  const { Client } = await import('pg');
  const { openDatabase } = await import('../../dist/src/database/database.js');
  const { upgrade } = await import('../../dist/src/migrate/upgrade.js');
  const name = `laurel_test_template_${process.pid}_${Date.now()}`;
  const send = async (statement) => {
    const client = new Client({ connectionString: server });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await send(`create database ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const database = await openDatabase({ databaseUrl: url, databasePoolSize: 1, dataDir: '' });
  try {
    await upgrade(database);
  } finally {
    await database.close();
  }
  process.env.LAUREL_TEST_TEMPLATE = name;
  return () => send(`drop database ${name} with (force)`);
}
