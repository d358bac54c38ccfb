import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { query, sql } from '../../src/database/query.js';
import { ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { pageOfStandings, standingsAround } from './lists.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import { correctStandings, deleteStandings, upsertStandings } from './hand-sql.js';
import { INSTANTS, naiveList, type Place, shown, sliced } from './naive-list.js';
import { type Entry, insertStandings, makeSeason, MAX, setDeleted } from './support.js';

const PLAYERS = 24;
/** A failure is reported with the smallest example found by then. */
const SHRINKING_MS = 60_000;

let server: TestServer;
let userIds: string[];
beforeAll(async () => {
  server = await startTestServer();
  userIds = await insertPlayers(em(), 'ranked', PLAYERS);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

/** Few values many times, both sides of every bucket's edge, the ends, and any. */
const score = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 2 }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(-1, 1), fc.integer({ min: 1, max: 7 }), fc.integer({ min: -1, max: 1 }))
      .map(([sign, level, beside]) => sign * 128 ** level + beside),
  },
  { weight: 1, arbitrary: fc.constantFrom(MAX, MAX - 1, -MAX, 1 - MAX) },
  { weight: 2, arbitrary: fc.maxSafeInteger() },
);

const WRITES = [
  'insert one by one',
  'insert at once',
  'insert or update',
  'correct scores',
  'correct times',
  'negate all scores',
  'delete standings',
  'empty the season',
  'truncate',
  'delete players',
  'restore players',
  'delete and roll back',
] as const;

interface Step {
  write: (typeof WRITES)[number];
  /** In which of the two seasons. */
  first: boolean;
  entries: { player: number; score: number; achievedAt: string }[];
}

const step: fc.Arbitrary<Step> = fc.record({
  write: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Step['write']>('insert at once', 'insert or update') },
    { weight: 2, arbitrary: fc.constantFrom(...WRITES) },
  ),
  first: fc.boolean(),
  entries: fc.uniqueArray(fc.record({ player: fc.nat(PLAYERS - 1), score, achievedAt: fc.constantFrom(...INSTANTS) }), {
    selector: ({ player }) => player,
    minLength: 1,
    maxLength: PLAYERS,
    size: 'max',
  }),
});

/** Two seasons in the database, and beside them what should be in them. */
class Model {
  readonly standings = new Map<string, Map<string, Entry>>();
  readonly deleted = new Set<string>();

  constructor(readonly seasons: SeasonRow[]) {
    for (const { id } of seasons) {
      this.standings.set(id, new Map());
    }
  }

  list(season: SeasonRow): Place[] {
    const entries = [...this.standings.get(season.id)!.values()];
    return naiveList(
      entries.filter(({ userId }) => !this.deleted.has(userId)),
      season.leaderboard.order,
    );
  }

  async apply({ write, first, entries: drawn }: Step): Promise<void> {
    const season = this.seasons[first ? 0 : 1]!;
    const standings = this.standings.get(season.id)!;
    const entries = drawn.map(({ player, ...entry }) => ({ userId: userIds[player]!, ...entry }));
    const known = entries.filter(({ userId }) => standings.has(userId));
    const fresh = entries.filter(({ userId }) => !standings.has(userId));
    const ids = entries.map(({ userId }) => userId);
    const store = (changed: Entry[]) => changed.forEach((entry) => standings.set(entry.userId, entry));
    switch (write) {
      case 'insert one by one':
        for (const entry of fresh) {
          await insertStandings(em(), season.id, [entry]);
        }
        store(fresh);
        break;
      case 'insert at once':
        await insertStandings(em(), season.id, fresh);
        store(fresh);
        break;
      case 'insert or update':
        await upsertStandings(em(), season.id, entries);
        store(entries);
        break;
      case 'correct scores':
        await correctStandings(em(), season.id, entries, sql`score = e.score`);
        store(known.map((entry) => ({ ...standings.get(entry.userId)!, score: entry.score })));
        break;
      case 'correct times':
        await correctStandings(em(), season.id, entries, sql`achieved_at = e.achieved_at`);
        store(known.map((entry) => ({ ...standings.get(entry.userId)!, achievedAt: entry.achievedAt })));
        break;
      case 'negate all scores':
        await query(em(), sql`update standings set score = -score where season_id = ${season.id}`);
        // Zero stays zero: no -0 in the model.
        store([...standings.values()].map((entry) => ({ ...entry, score: 0 - entry.score })));
        break;
      case 'delete standings':
        await deleteStandings(em(), season.id, ids);
        ids.forEach((userId) => standings.delete(userId));
        break;
      case 'empty the season':
        await query(em(), sql`delete from standings where season_id = ${season.id}`);
        standings.clear();
        break;
      case 'truncate':
        await query(em(), sql`truncate standings`);
        this.standings.forEach((each) => each.clear());
        break;
      case 'delete players':
        await setDeleted(em(), ids, true);
        ids.forEach((userId) => this.deleted.add(userId));
        break;
      case 'restore players':
        await setDeleted(em(), ids, false);
        ids.forEach((userId) => this.deleted.delete(userId));
        break;
      case 'delete and roll back':
        await em()
          .transactional(async (transaction) => {
            await deleteStandings(transaction, season.id, ids);
            throw new Error(write);
          })
          .catch((error: Error) => {
            if (error.message !== write) {
              throw error;
            }
          });
        break;
    }
  }
}

const PLACE = 'rank position score tiedWith percentile user { id }';

/** What clients see of both seasons, from either end. */
async function seenByClients(seasons: SeasonRow[]) {
  const board = ({ leaderboard: { slug } }: SeasonRow, alias: string) =>
    `${alias}: leaderboard(slug: "${slug}") { currentSeason {
      standings(first: 100) { totalCount nodes { ${PLACE} } }
      backward: standings(last: 100) { totalCount nodes { ${PLACE} } }
    } }`;
  const { data, errors } = await server.graphql(
    `{ ${seasons.map((season, index) => board(season, `board${index}`)).join('\n')} }`,
  );
  expect(errors).toBeUndefined();
  return Object.values<{ currentSeason: unknown }>(data).map(({ currentSeason }) => currentSeason);
}

function expectedByClients(list: Place[]) {
  const nodes = list.map(({ rank, position, score: value, tiedWith, percentile, userId }) => ({
    rank,
    position,
    score: value,
    tiedWith,
    percentile: expect.closeTo(percentile, 9),
    user: { id: userId },
  }));
  return { standings: { totalCount: list.length, nodes }, backward: { totalCount: list.length, nodes } };
}

/** Every place of the season, found by its number and by its player. */
async function checkPlaces(season: SeasonRow, list: Place[]): Promise<void> {
  for (let fromPosition = 1; fromPosition <= list.length + 1; fromPosition += 1) {
    const page = await pageOfStandings(em(), season, { fromPosition, first: 2 });
    expect(shown(page)).toEqual(sliced(list, list.slice(fromPosition - 1, fromPosition + 1)));
  }
  const size = Math.min(3, list.length);
  for (const { userId, position } of list) {
    const start = Math.min(Math.max(position - 2, 0), list.length - size);
    const page = await standingsAround(em(), season, userId, 1);
    expect(shown(page)).toEqual(sliced(list, list.slice(start, start + size)));
  }
  for (const { userId } of [list[0], list.at(-1)].filter((place) => place !== undefined)) {
    const { edges } = await standingsAround(em(), season, userId, 1);
    const before = edges.find(({ node }) => node.userId === userId)!.cursor;
    const end = list.findIndex((place) => place.userId === userId);
    const page = await pageOfStandings(em(), season, { last: 3, before });
    expect(shown(page)).toEqual(sliced(list, list.slice(Math.max(end - 3, 0), end)));
  }
}

test('whatever is written, ranks, positions, ties and totals are those of the naive lists', async () => {
  const orders = fc.constantFrom(ScoreOrder.HIGHER_IS_BETTER, ScoreOrder.LOWER_IS_BETTER);
  const property = fc.asyncProperty(
    orders,
    orders,
    fc.array(step, { minLength: 8, maxLength: 8 }),
    async (one, other, steps) => {
      const seasons = [await makeSeason(em(), { order: one }), await makeSeason(em(), { order: other })];
      const model = new Model(seasons);
      try {
        for (const each of steps) {
          await model.apply(each);
          const lists = seasons.map((season) => model.list(season));
          expect(await seenByClients(seasons)).toEqual(lists.map(expectedByClients));
          expect(await treeFaults(em())).toEqual(RIGHT_TREE);
          for (const [index, season] of seasons.entries()) {
            await checkPlaces(season, lists[index]!);
          }
        }
      } finally {
        await setDeleted(em(), userIds, false);
      }
    },
  );
  await fc.assert(property, { numRuns: 12, interruptAfterTimeLimit: SHRINKING_MS });
});
