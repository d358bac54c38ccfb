import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { seedDemo } from '../../src/seed/seed.service.js';
import { contents } from '../seed/support.js';
import { openTestDatabase } from '../support/database.js';

const POSTGRES_URL = process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Digests of a new database after seeding; embedded where there is no url. */
async function seeded(url?: string): Promise<Record<string, string>> {
  delete process.env['TEST_POSTGRES_URL'];
  if (url !== undefined) {
    process.env['TEST_POSTGRES_URL'] = url;
  }
  const database = await openTestDatabase();
  try {
    const now = new Date('2026-03-01T00:00:00.500Z');
    await seedDemo(database.orm.em.fork(), { players: 2000, timeZone: 'Pacific/Chatham', now });
    return await contents(database.orm.em.fork());
  } finally {
    await database.close();
  }
}

test('a server and an embedded database get the same rows, ids included', async () => {
  expect(await seeded(POSTGRES_URL)).toEqual(await seeded());
});
