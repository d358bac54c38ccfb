import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Database, openDatabase } from '../../src/database/database.js';
import { query, sql } from '../../src/database/query.js';
import { createEmptyDatabase } from '../support/database.js';

let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
  const empty = await createEmptyDatabase();
  drop = empty.drop;
  // One connection, so that all statements meet on it.
  database = await openDatabase({ databaseUrl: empty.url, databasePoolSize: 1, dataDir: '' });
  await query(em(), sql`create table things (id int primary key, name varchar(10) not null)`);
  await query(em(), sql`insert into things select i, 'thing ' || i from generate_series(1, 5) i`);
});
afterAll(async () => {
  await database.close();
  await drop();
});
afterEach(async () => {
  await query(em(), sql`alter table things alter column name type varchar(10)`);
  // What is prepared with the other type is found out, and prepared anew.
  await nameOfThing(1);
  await nameOfThing(1);
});

const em = () => database.orm.em.fork();

function nameOfThing(id: number, within = em()): Promise<{ name: string }[]> {
  return query(within, sql<{ name: string }>`select name from things where id = ${id}`);
}

async function prepared(part: string): Promise<number> {
  const rows = await query(
    em(),
    sql<{ statement: string }>`select statement from pg_prepared_statements where strpos(statement, ${part}) > 0`,
  );
  return rows.filter(({ statement }) => !statement.includes('strpos')).length;
}

test('a statement is prepared when it comes for the third time', async () => {
  const seen: number[] = [];
  for (const id of [1, 2, 3, 4]) {
    expect(await nameOfThing(id)).toEqual([{ name: `thing ${id}` }]);
    seen.push(await prepared('from things where id'));
  }
  expect(seen).toEqual([0, 0, 1, 1]);
});

test('a prepared statement outlives a migration that changes a type in its result', async () => {
  await query(em(), sql`alter table things alter column name type text`);
  for (const id of [1, 2, 3]) {
    expect(await nameOfThing(id)).toEqual([{ name: `thing ${id}` }]);
  }
});

test('inside a transaction that fails it, and from the next one on it works', async () => {
  await query(em(), sql`alter table things alter column name type text`);
  const attempt = () => em().transactional((transaction) => nameOfThing(1, transaction));
  await expect(attempt()).rejects.toThrow('cached plan must not change result type');
  await expect(attempt()).resolves.toEqual([{ name: 'thing 1' }]);
});

test('a prepared statement that the connection has lost is sent all the same', async () => {
  await query(em(), sql`deallocate all`);
  expect(await nameOfThing(2)).toEqual([{ name: 'thing 2' }]);
});

test('a statement that cannot be prepared fails each time, and leaves the connection usable', async () => {
  const broken = () => query(em(), sql`select name from things where missing = ${1}`);
  for (let use = 0; use < 5; use += 1) {
    await expect(broken()).rejects.toThrow('column "missing" does not exist');
    expect(await nameOfThing(3)).toEqual([{ name: 'thing 3' }]);
  }
});

test('a prepared statement that fails on its values works with others', async () => {
  const divide = (by: number) => query(em(), sql<{ result: number }>`select 6 / ${by}::int as result`);
  for (const by of [1, 2, 3, 6]) {
    await expect(divide(by)).resolves.toEqual([{ result: 6 / by }]);
    await expect(divide(0)).rejects.toThrow('division by zero');
  }
});

test('the number of prepared statements is bounded', async () => {
  for (let length = 1; length <= 300; length += 1) {
    const list = sql.join(Array.from({ length }, (_, index) => index));
    for (let use = 0; use < 3; use += 1) {
      await query(em(), sql`select count(*) from things where id in (${list})`);
    }
  }
  const count = await prepared('where id in');
  expect(count).toBeGreaterThan(200);
  expect(count).toBeLessThanOrEqual(250);
});
