import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSummary } from './transfer/pgloader.js';
import { toTables } from './transfer/tables.js';

const HEAD = `             table name     errors       rows      bytes      total time
-----------------------  ---------  ---------  ---------  --------------
        fetch meta data          0          3                     0.060s
`;

await test("pgloader's summary tells rows, errors and seconds of the table, not of the whole run", () => {
  const short = `${HEAD}          public.scores          0    1000000    39.6 MB          3.492s\n`;
  assert.deepEqual(readSummary(short), { errors: 0, rows: 1_000_000, seconds: 3.492 });
  const long = `${HEAD}          public.scores          2   10000000   399.0 MB        1m2.5s\n`;
  assert.deepEqual(readSummary(long), { errors: 2, rows: 10_000_000, seconds: 62.5 });
  assert.throws(() => readSummary(HEAD), /cannot be read/);
});

const run = (copySeconds, seconds, peakMb) => ({ copySeconds, seconds, peakMb, samplesMb: [peakMb] });

function targetsOf(laurel, pgloader) {
  const ways = { psql: { rows: 1000, runs: [run(1, 1)] }, laurel: { rows: 1000, runs: [laurel] } };
  if (pgloader !== undefined) {
    ways.pgloader = { rows: 1000, runs: [pgloader] };
  }
  const [{ rows }] = toTables({ sizes: [{ rows: 1000, ways }] });
  return rows.map(([, measured, , verdict]) => [measured, verdict]);
}

await test('targets are judged round by round, and those without pgloader are left out where it is', () => {
  assert.deepEqual(targetsOf(run(1.25, 3, 170), run(2.5, 3, 200)), [
    ['0.80', 'met'],
    ['2.00', 'met'],
    ['1.00', 'met'],
    ['170', 'met'],
  ]);
  assert.deepEqual(targetsOf(run(2, 4, 251), run(3, 3, 200)), [
    ['0.50', 'NOT met'],
    ['1.50', 'NOT met'],
    ['1.33', 'NOT met'],
    ['251', 'NOT met'],
  ]);
  assert.deepEqual(targetsOf(run(2, 4, undefined)), [['0.50', 'NOT met']]);
});
