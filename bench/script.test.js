import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userId, userIdSql } from './ids.js';
import { toPgbench, toStatements, toTemplate } from './script.js';

const inputs = [{ recorded: [userId(7), userId(8)], sql: userIdSql(':n') }];
const select = (...values) => [{ text: 'select $1, $2', values }];

function scriptOf(first, second) {
  return toPgbench(toTemplate(first, second, inputs), ['\\set n 1']);
}

await test('what follows from the input becomes an expression, in lists too; the rest stays a parameter', () => {
  const { script, constants } = scriptOf(select([userId(7)], ['a', 'b c']), select([userId(8)], ['a', 'b c']));
  assert.equal(script, `\\set n 1\nselect array[${userIdSql(':n')}], :constant1\n;\n`);
  assert.deepEqual(constants, { constant1: '{"a","b c"}' });
});

await test('an id that the server makes is made anew', () => {
  const [made, next] = ['01a1fccf-823d-7052-9350-1e89c6f13b8c', '01a1fccf-8244-73d4-a1f5-daa243ff0070'];
  const { script, constants } = scriptOf(select(made, null), select(next, null));
  assert.match(script, /clock_timestamp\(\)[^]*, null\n;/);
  assert.deepEqual(constants, {});
});

await test('a list that comes from an earlier answer stays as it was recorded', () => {
  const { constants } = scriptOf(select([userId(1), userId(2)], 1), select([userId(3)], 1));
  assert.deepEqual(constants, { constant1: `{"${userId(1)}","${userId(2)}"}`, constant2: '1' });
});

await test('in a JSON document what follows from the input becomes an expression too', () => {
  const document = (number) => JSON.stringify([{ user: userId(number), key: null, count: 1, name: "it's" }]);
  const { script } = scriptOf(select(document(7), 1), select(document(8), 1));
  assert.match(
    script,
    /select jsonb_build_array\(jsonb_build_object\('user', .*:n.*, 'key', null, 'count', 1, 'name', 'it''s'::text\)\), :constant1/,
  );
});

await test('statements may change places, but not differ', () => {
  const [one, other] = [
    { text: 'select 1', values: [] },
    { text: 'select 2', values: [] },
  ];
  assert.equal(toTemplate([one, other], [other, one], []).length, 2);
  assert.throws(() => toTemplate([one], [other], []), /different statements/);
  assert.throws(() => toTemplate([one], [one, other], []), /different statements/);
});

await test('in a function, values are literals', () => {
  assert.deepEqual(toStatements(toTemplate(select("it's", 2), select("it's", 2), [])), ["select 'it''s', '2'"]);
});
