import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openCsvSource } from '../../src/transfer/csv/source.js';
import { rowsOf, scratchFolder } from '../transfer/csv-support.js';
import { type MysqlDatabase, mysqlDatabase } from './support.js';

const folder = scratchFolder();
let database: MysqlDatabase;

beforeAll(async () => {
  database = await mysqlDatabase();
  await database.run(String.raw`
    create table things (id integer primary key, word text, data varbinary(20));
    insert into things values
      (1, 'tab\there\nand "quotes", commas; \'single\'', x'00ff09'),
      (2, null, null),
      (3, '', ''),
      (4, '\\N', 'N'),
      (5, 'NULL', x'5c0a'),
      (6, '\r', x'5c'),
      (7, '\0é\Z\b', 'x')`);
});

afterAll(async () => {
  await database.drop();
  folder.remove();
});

const ROWS = [
  ['1', 'tab\there\nand "quotes", commas; \'single\'', '\0\xff\t'],
  ['2', null, null],
  ['3', '', ''],
  ['4', '\\N', 'N'],
  ['5', 'NULL', '\\\n'],
  ['6', '\r', '\\'],
  ['7', Buffer.from('\0é\x1a\b').toString('latin1'), 'x'],
];

test.each([
  ['usual', '', {}],
  ['quoted', `fields terminated by ',' enclosed by '"'`, { delimiter: ',', quote: '"' }],
  ['now and then quoted', `fields terminated by ';' optionally enclosed by "'"`, { delimiter: ';', quote: "'" }],
  ['windows', String.raw`lines terminated by '\r\n'`, {}],
])('rows that the server wrote into a file come back: %s', async (name, clauses, options) => {
  const path = join(folder.path, `${name}.txt`);
  await database.run(`select * from things order by id into outfile '${path}' character set binary ${clauses}`);
  expect(await rowsOf(await openCsvSource([path], { escape: '\\', ...options }))).toEqual(ROWS);
});
