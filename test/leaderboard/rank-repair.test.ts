import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { checkRanks, isRight, listCheckedSeasons, type RankCheck } from '../../src/leaderboard/rank-check.service.js';
import { repairRanks } from '../../src/leaderboard/rank-repair.service.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { newId } from '../../src/shared/ids.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { insertPlayers } from '../visit/support.js';
import { type Entry, insertStandings, makeSeason } from './support.js';

/** So many hold the score CROWDED: enough for three runs. The others hold 0, 10, 20 and so on, up to 990. */
const CROWD = 600;
const CROWDED = 1000;
const OTHERS = 100;

let database: TestDatabase;
let players: string[];
let season: SeasonRow;
beforeAll(async () => {
  database = await openTestDatabase();
  players = await insertPlayers(em(), 'player', CROWD + OTHERS);
});
afterAll(() => database.close());
beforeEach(async () => {
  await query(em(), sql`truncate standings`);
  season = await makeSeason(em());
  await insertStandings(em(), season.id, entries());
});

const em = () => database.orm.em.fork();

function entries(): Entry[] {
  return players.map((userId, index) => ({
    userId,
    score: index < CROWD ? CROWDED : 10 * (index - CROWD),
    achievedAt: `2026-02-05 10:20:00.${String(index).padStart(6, '0')}+00`,
  }));
}

/** Runs SQL on the tables of the tree, with `$season` for the season. */
async function damage(statement: string): Promise<void> {
  await query(em(), sql.raw(statement.replaceAll('$season', `'${season.id}'`)));
}

const RIGHT = { players: CROWD + OTHERS, levels: [0, 0, 0, 0, 0, 0, 0, 0], runs: 0, marks: 0, standings: 0 };

test('a healthy tree is right', async () => {
  const check = await checkRanks(em(), season.id);
  expect(check).toEqual(RIGHT);
  expect(isRight(check)).toBe(true);
});

interface Damage {
  name: string;
  statement: string;
  found: Partial<RankCheck>;
}

const COUNTS = 'standing_counts where season_id = $season and';
const SET = 'update standing_counts set';
const DAMAGES: Damage[] = [
  {
    name: 'a wrong count',
    statement: `${SET} players = players + 3 where season_id = $season and level = 0 and bucket = -990`,
    found: { levels: [1, 0, 0, 0, 0, 0, 0, 0] },
  },
  {
    name: 'wrong counts above the scores',
    statement: `${SET} players = players - 1 where season_id = $season and level = 1`,
    found: { levels: [0, 7, 0, 0, 0, 0, 0, 0] },
  },
  {
    name: 'missing counts',
    statement: `delete from ${COUNTS} (level, bucket) in ((0, -10), (0, -20), (1, -8))`,
    found: { levels: [2, 1, 0, 0, 0, 0, 0, 0] },
  },
  {
    name: 'counts of nobody',
    statement: `insert into standing_counts values ($season, 0, 5, 4), ($season, 0, 6, 0), ($season, 7, 2, 1)`,
    found: { levels: [2, 0, 0, 0, 0, 0, 0, 1] },
  },
  {
    name: 'negative counts',
    statement: `${SET} players = -2 where season_id = $season and bucket in (0, -5)`,
    found: { levels: [1, 1, 0, 0, 0, 0, 0, 0] },
  },
  {
    name: 'wrong runs',
    statement: `update standing_tie_counts set players = players + 1 where season_id = $season`,
    found: { runs: 3 },
  },
  {
    name: 'a missing run',
    statement: `delete from standing_tie_counts where season_id = $season and achieved_at > '2026-02-05 10:20:00.000500+00'`,
    found: { runs: 1 },
  },
  {
    name: 'a missing first run',
    statement: `delete from standing_tie_counts where season_id = $season and achieved_at = '-infinity'`,
    found: { runs: 1 },
  },
  {
    name: 'no runs where there should be',
    statement: `delete from standing_tie_counts where season_id = $season`,
    found: { marks: 1 },
  },
  {
    name: 'runs that are not marked',
    statement: `${SET} has_runs = false where season_id = $season`,
    found: { marks: 1 },
  },
  {
    name: 'marks without runs, on the level above too',
    statement: `${SET} has_runs = true where season_id = $season and bucket in (-10, -8)`,
    found: { marks: 2 },
  },
  {
    name: 'runs of a score that nobody has',
    statement: `insert into standing_tie_counts values
      ($season, 77, '-infinity', '00000000-0000-0000-0000-000000000000', 9)`,
    found: { runs: 1, marks: 1 },
  },
  {
    name: 'an uncounted crowd',
    statement: `delete from ${COUNTS} bucket = -1000`,
    found: { levels: [1, 0, 0, 0, 0, 0, 0, 0], marks: 1 },
  },
  {
    name: 'an empty tree',
    statement: 'truncate standing_counts, standing_tie_counts',
    found: { levels: [101, 7, 0, 0, 0, 0, 0, 0] },
  },
  {
    name: 'a player who is there, but is not ranked',
    statement: `update standings set ranked = false where season_id = $season and score = 990`,
    found: { players: CROWD + OTHERS - 1, standings: 1 },
  },
  {
    name: "scores with the other order's sign",
    statement: `update standings set sort_score = score where season_id = $season and score in (10, 20, 30)`,
    found: { standings: 3 },
  },
  {
    name: 'a whole crowd that is not ranked',
    statement: `update standings set ranked = false where season_id = $season and score = ${CROWDED}`,
    found: { players: OTHERS, standings: CROWD },
  },
];

test.each(DAMAGES)('$name: found, repaired, and kept right from then on', async ({ statement, found }) => {
  const other = await makeSeason(em());
  await insertStandings(em(), other.id, entries().slice(0, 10));
  await damage(statement);
  expect(await checkRanks(em(), season.id)).toEqual({ ...RIGHT, ...found });

  await repairRanks(em(), season.id);
  expect(await checkRanks(em(), season.id)).toEqual(RIGHT);
  await repairRanks(em(), other.id);
  expect(await treeFaults(em())).toEqual(RIGHT_TREE);

  await query(em(), sql`update standings set score = score - 10 where season_id = ${season.id}`);
  expect(await treeFaults(em())).toEqual(RIGHT_TREE);
});

test('a deleted player who is ranked is found, and is not any more', async () => {
  await query(em(), sql`alter table users disable trigger users_ranked`);
  await query(em(), sql`update users set deleted_at = now() where id = ${players[3]}`);
  await query(em(), sql`alter table users enable trigger users_ranked`);
  expect(await checkRanks(em(), season.id)).toEqual({ ...RIGHT, standings: 1 });
  await repairRanks(em(), season.id);
  expect(await checkRanks(em(), season.id)).toEqual({ ...RIGHT, players: CROWD + OTHERS - 1 });
  await query(em(), sql`update users set deleted_at = null where id = ${players[3]}`);
});

test('seasons that only the tree knows are listed, and emptied', async () => {
  const stray = newId();
  await query(
    em(),
    sql`insert into standing_counts (season_id, level, bucket, players) values (${stray}, 0, 1, 1), (${stray}, 2, 5, 3)`,
  );
  const listed = await listCheckedSeasons(em());
  expect(listed).toContainEqual({ id: season.id, slug: season.leaderboard.slug, key: season.key });
  expect(listed).toContainEqual({ id: stray, slug: null, key: null });
  await repairRanks(em(), stray);
  const { left } = await queryExactlyOne(
    em(),
    sql<{ left: number }>`select count(*)::int as left from standing_counts where season_id = ${stray}`,
  );
  expect(left).toBe(0);
});
