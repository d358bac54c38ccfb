import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Migrates an empty embedded database once and keeps its dump: a test then opens a copy in a second instead of
 * migrating its own. Uses the build, which `npm test` makes first.
 */
export default async function globalSetup() {
  const { PGlite } = await import('@electric-sql/pglite');
  const { MikroORM } = await import('@mikro-orm/pglite');
  const { ormOptions } = await import('../../dist/src/database/options.js');
  const { upgrade } = await import('../../dist/src/migrate/upgrade.js');
  const folder = mkdtempSync(join(tmpdir(), 'laurel-test-'));
  const client = await PGlite.create();
  const orm = await MikroORM.init({ ...ormOptions, driverOptions: { pglite: () => client } });
  await upgrade({ orm, embedded: true, close: () => orm.close() });
  const dump = await client.dumpDataDir('none');
  await orm.close();
  await client.close();
  process.env.LAUREL_TEST_DUMP = join(folder, 'migrated.tar');
  writeFileSync(process.env.LAUREL_TEST_DUMP, Buffer.from(await dump.arrayBuffer()));
  globalThis.removeTestDump = () => rmSync(folder, { recursive: true, force: true });
}
