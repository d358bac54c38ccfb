import { userIdSql } from './ids.js';
import { PGBENCH_CLIENTS } from './comparison.js';
import { runPgbench } from './pgbench.js';
import { withClient } from './postgres.js';

const BARE = 'peer.bare_standings';

/**
 * What keeping ranks costs: the same upsert of a standing, with everything that hangs on the table, and on a copy that
 * has the columns, rows and indexes alone. Each one moves a player's score up by a random step, so that each one writes.
 * @returns upserts per second of each round
 */
export async function measureUpserts({ url, season, players }, { rounds, seconds }) {
  await copyStandings(url);
  const runners = { tree: upsert('standings', season, players), bare: upsert(BARE, season, players) };
  const figures = { tree: [], bare: [] };
  // The round before the first is for warming up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, transaction] of Object.entries(runners)) {
      const { tps } = await runPgbench(url, transaction, { clients: PGBENCH_CLIENTS, seconds });
      if (round > 0) {
        figures[name].push(tps);
      }
    }
  }
  return figures;
}

/** The foreign keys are copied too: the upsert checks them in both. */
async function copyStandings(url) {
  await withClient(url, async (client) => {
    await client.query(`create table ${BARE} (like public.standings including all)`);
    await client.query(`insert into ${BARE} select * from public.standings`);
    const { rows } = await client.query(
      `select pg_get_constraintdef(oid) as definition from pg_constraint
        where conrelid = 'public.standings'::regclass and contype = 'f'`,
    );
    for (const { definition } of rows) {
      await client.query(`alter table ${BARE} add ${definition}`);
    }
    await client.query(`vacuum (analyze) ${BARE}`);
    await client.query('vacuum (analyze) public.standings');
    await client.query('checkpoint');
  });
}

function upsert(table, season, players) {
  const script = `\\set n random(1, ${players})
\\set step random_exponential(1, 10000, 5)
insert into ${table} as s (season_id, user_id, score, sort_score, achieved_at)
values (:season, ${userIdSql(':n')}, :step, -:step::bigint, now())
on conflict (season_id, user_id) do update
  set score = s.score + excluded.score, sort_score = s.sort_score + excluded.sort_score, achieved_at = excluded.achieved_at
;
`;
  return { script, constants: { season } };
}
