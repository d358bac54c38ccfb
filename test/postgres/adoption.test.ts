import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { laurel } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';

const FIRST = 'Migration20260205193000_game_service_tables';

/** The old tables, and where their rows are at head. */
const TABLES = {
  users: 'users',
  scores: 'scores',
  friendships: 'friendships',
  monthly_scores: 'standings',
  game_visits: 'visits',
};

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let client: Client;
beforeEach(async () => {
  database = await createEmptyDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  const dump = readFileSync(new URL('../fixtures/hexdb-postgres.sql', import.meta.url), 'utf8');
  await client.query(dump);
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const run = (...words: string[]) => laurel(['migrate', ...words], { DATABASE_URL: database.url });

async function rows(statement: string): Promise<unknown[]> {
  return (await client.query({ text: statement, rowMode: 'array' })).rows.flat();
}

/** The integer ids of the old rows, by the old table. */
async function ids(isOld: boolean): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [old, table] of Object.entries(TABLES)) {
    found[old] = await rows(
      isOld ? `select id from ${old} order by id` : `select legacy_id from ${table} order by legacy_id`,
    );
  }
  return found;
}

describe('the database that Alembic managed', () => {
  test.each([
    ['as it was left', ['select 1'], undefined],
    [
      'where user_id is NOT NULL',
      ['alter table users alter column user_id set not null'],
      'users.user_id: NULL is refused, by the history allowed',
    ],
    [
      'where user_ids are NULL and friendships have no foreign keys',
      [
        'update users set user_id = null where id in (2, 5)',
        'alter table friendships drop constraint friendships_requester_id_fkey',
        'alter table friendships drop constraint friendships_receiver_id_fkey',
      ],
      'friendships: foreign key friendships_receiver_id_fkey is missing',
    ],
  ])('%s, is at head after two commands, with every row', async (_case, statements, accepted) => {
    for (const statement of statements) {
      await client.query(statement);
    }
    const before = await ids(true);
    expect(Object.values(before).map(({ length }) => length)).toEqual([31, 4, 6, 31, 375]);

    const stamped = await run('stamp', '--detect');
    expect(stamped).toEqual({ code: 0, output: expect.stringContaining(`noted as applied ${FIRST}`) });
    expect(stamped.output).toContain('Alembic left this database at f38f15d3477d');
    expect(stamped.output).toContain(accepted ?? FIRST);
    expect(await run('upgrade')).toMatchObject({ code: 0 });

    expect(await ids(false)).toEqual(before);
    expect(await rows('select count(*)::int from users where id is null')).toEqual([0]);
    expect(await rows('select version_num from alembic_version')).toEqual(['f38f15d3477d']);
    const check = await run('check', '--json');
    expect(check.code).toBe(0);
    expect(JSON.parse(check.output)).toMatchObject({ unknown: expect.arrayContaining(['table alembic_version']) });
  });

  test('is told apart where it has changed since, and stays as it is', async () => {
    await client.query('alter table scores add column level integer');
    const { code, output } = await run('stamp', '--detect');
    expect(code).toBe(1);
    expect(output).toContain(`The nearest is ${FIRST}`);
    expect(output).toContain('scores: column level is extra (integer)');
    expect(await rows(`select to_regclass('mikro_orm_migrations')`)).toEqual([null]);
  });

  test('is unchanged after a typo, which ends with 2', async () => {
    for (const verb of ['upgrade', 'downgrade', 'show', 'stamp', 'sql']) {
      expect({ verb, ...(await run(verb, verb === 'sql' ? 'base:user_uuid_key' : 'user_uuid_key')) }).toEqual({
        verb,
        code: 2,
        output: expect.stringContaining('user_uuid_key'),
      });
      expect(await rows(`select to_regclass('mikro_orm_migrations')`)).toEqual([null]);
    }
  });
});
