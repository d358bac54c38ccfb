import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { loadHistory } from '../../src/migrate/history.js';
import { describeLosses } from '../../src/migrate/losses.js';
import { openEmptyTestDatabase, type TestDatabase } from '../support/database.js';
import { emptyDatabase, type MigrationFolder, migrationFolder } from './support.js';

let database: TestDatabase;
let folder: MigrationFolder;
beforeAll(async () => {
  database = await openEmptyTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await emptyDatabase(em());
  await query(em(), sql`create table things (id integer, "Size" integer, note text)`);
  await query(em(), sql`insert into things values (1, 10, null), (2, null, null)`);
  await query(em(), sql`create table "Old ones" (id integer)`);
  await query(em(), sql`insert into "Old ones" values (1)`);
  await query(em(), sql`create table nothing (id integer)`);
});
afterEach(() => folder.delete());

const em = () => database.orm.em.fork();

test.each([
  ['drop table things', ['table things: 2 rows']],
  ['drop table public.things, "Old ones" cascade', ['table public.things: 2 rows', 'table "Old ones": 1 rows']],
  ['drop table nothing', []],
  ['alter table things drop column "Size"', ['column things."Size": 1 values']],
  ['alter table things drop column note', []],
  ['truncate things', ['table things: 2 rows']],
  ['delete from things where id = 1', ['table things: 2 rows']],
  ['with gone as (delete from "Old ones" returning id) select id from gone', ['table "Old ones": 1 rows']],
  ['drop table not_there_yet', ['what will be in not_there_yet by then']],
  ['drop schema public cascade', ['what cannot be counted: drop schema public cascade']],
  ['drop type mood', ['what cannot be counted: drop type mood']],
  ['drop function f()', []],
  ['drop index i', []],
  ['do $$ begin delete from things; end $$', ['what cannot be counted: do $$ begin delete from things; end $$']],
  ['do $$ begin perform 1; end $$', []],
  ['update things set note = $$delete$$', []],
])('%s loses %j', async (statement, lines) => {
  folder = migrationFolder({ Migration20270101000000_back: { up: [], down: [statement] } });
  expect(await describeLosses(em(), await loadHistory(folder.path))).toEqual(lines);
});

test('what code deletes is not known', async () => {
  folder = migrationFolder({ Migration20270101000000_back: { up: [], down: [] } });
  const [migration] = await loadHistory(folder.path);
  expect(await describeLosses(em(), [{ ...migration!, down: null }])).toEqual([
    'whatever the code of Migration20270101000000_back deletes',
  ]);
});
