import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { query, sql } from '../../src/database/query.js';
import { findVisitStreaks } from '../../src/visit/visit.service.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { insertPlayers, insertVisits, plusDays } from './support.js';

let database: TestDatabase;
let players: string[];
beforeAll(async () => {
  database = await openTestDatabase();
  players = await insertPlayers(em(), 'streak', 4);
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();

/** Walks from day to day; offsets count from today. */
function naiveStreak(offsets: number[]): { current: number; longest: number } | undefined {
  const visited = new Set(offsets);
  const runFrom = (start: number) => {
    let length = 0;
    while (visited.has(start + length)) {
      length += 1;
    }
    return length;
  };
  const starts = offsets.filter((offset) => !visited.has(offset - 1));
  if (starts.length === 0) {
    return undefined;
  }
  const reaching = starts.filter((start) => start <= 0 && start + runFrom(start) - 1 >= -1);
  return {
    current: Math.max(0, ...reaching.map(runFrom)),
    longest: Math.max(...starts.map(runFrom)),
  };
}

test('streaks are those of a walk from day to day, for every player by their own today', async () => {
  const offsets = fc.uniqueArray(fc.integer({ min: -12, max: 2 }), { maxLength: 15 });
  // The last days of February and December among them.
  const todays = fc.constantFrom('2026-02-05', '2024-03-01', '2025-01-01', '2026-12-31');
  const cases = fc.array(fc.record({ offsets, today: todays }), { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(cases, async (visitors) => {
      await query(em(), sql`delete from visits`);
      for (const [index, visitor] of visitors.entries()) {
        const days = visitor.offsets.map((offset) => plusDays(visitor.today, offset));
        await insertVisits(em(), players[index]!, days);
      }
      const streaks = await findVisitStreaks(
        em(),
        new Map(visitors.map(({ today }, index) => [players[index]!, today])),
      );
      expect(players.map((id) => streaks.get(id))).toEqual(visitors.map((visitor) => naiveStreak(visitor.offsets)));
    }),
    { numRuns: 100 },
  );
});

test('a run goes on over the day that a zone skips on its clocks, and over year ends', async () => {
  const [player] = players;
  await query(em(), sql`delete from visits`);
  await insertVisits(em(), player!, ['2018-11-03', '2018-11-04', '2018-11-05', '2025-12-31', '2026-01-01']);
  const streaks = await findVisitStreaks(em(), new Map([[player!, '2026-01-02']]));
  expect(streaks.get(player!)).toEqual({ current: 2, longest: 3 });
});
