import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CsvPlace, csvPlace } from './import-support.js';

let place: CsvPlace;
beforeAll(async () => {
  place = await csvPlace();
});
afterAll(() => place?.close());
beforeEach(() =>
  place.client.query('drop schema if exists there, other cascade; create schema there; create schema other'),
);

const INTO = ['--schema', 'there'];

/** Audits that found something. */
function wrong(report: Awaited<ReturnType<CsvPlace['run']>>['report']): string[] {
  return (report?.audits ?? []).filter((audit) => audit.wrong > 0).map(({ what }) => what);
}

describe('what changes a table after it was written', () => {
  test('a deferred trigger, which would run at the commit', async () => {
    await place.client.query(`create table there.df (id int primary key, v text);
      create function there.df() returns trigger language plpgsql as 'begin delete from there.df; return null; end';
      create constraint trigger later after insert on there.df deferrable initially deferred
        for each row execute function there.df()`);
    const ended = await place.run(place.file('df.csv', 'id,v\n1,a\n2,b\n'), ...INTO);
    expect([ended.code, ended.report?.outcome, wrong(ended.report)]).toEqual([
      1,
      'differs',
      [expect.stringContaining('df')],
    ]);
    expect((await place.client.query('select from there.df')).rowCount).toBe(0);
  });

  test('a trigger of another table, before its own writing or after it', async () => {
    for (const [changed, writer] of [
      ['aa', 'zz'],
      ['zz', 'aa'],
    ]) {
      await place.client.query(`drop table if exists there.aa, there.zz cascade;
        create table there.aa (id int primary key, v text); create table there.zz (id int primary key, v text);
        insert into there.${changed} values (1, 'old');
        create or replace function there.hack() returns trigger language plpgsql as
          'begin update there.${changed} set v = ''hacked''; return null; end';
        create trigger hack after insert on there.${writer} for each row execute function there.hack()`);
      const ended = await place.run(
        place.file('aa.csv', 'id,v\n2,b\n'),
        place.file('zz.csv', 'id,v\n2,b\n'),
        ...INTO,
        '--merge',
        'newer',
      );
      expect([changed, ended.code, wrong(ended.report)]).toEqual([changed, 1, [expect.stringContaining(changed!)]]);
      expect((await place.client.query(`select id, v from there.${changed}`)).rows).toEqual([{ id: 1, v: 'old' }]);
    }
  });

  test('a deferred constraint is checked, and a trigger that changes no such table is no fault', async () => {
    await place.client.query(`create table there.log (n int); create table there.aa (id int primary key, other int);
      create table there.bb (id int primary key);
      alter table there.aa add foreign key (other) references there.aa deferrable initially deferred;
      create function there.note() returns trigger language plpgsql as 'begin insert into there.log values (1); return null; end';
      create constraint trigger note after insert on there.aa deferrable initially deferred
        for each row execute function there.note()`);
    const done = await place.run(place.file('aa.csv', 'id,other\n1,2\n2,1\n'), ...INTO);
    expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
    expect((await place.client.query('select from there.log')).rowCount).toBe(2);
  });
});

test('references are looked for in the table that they are to, whatever its schema', async () => {
  await place.client.query(`create table other.users (id int primary key); insert into other.users values (1), (2);
    create table there.users (id int primary key); insert into there.users values (3);
    create table there.orders (id int primary key, user_id int references other.users)`);
  const orders = place.file('orders.csv', 'id,user_id\n10,1\n11,2\n');
  const done = await place.run(orders, ...INTO);
  expect([done.code, done.report?.findings]).toEqual([0, []]);
  const orphan = place.file('orders.csv', 'id,user_id\n12,3\n');
  const ended = await place.run(orphan, place.file('users.csv', 'id\n4\n'), ...INTO);
  expect([ended.code, ended.report?.findings]).toEqual([
    1,
    [expect.objectContaining({ kind: 'orphans', table: 'orders', column: 'user_id', rows: 1 })],
  ]);
});
