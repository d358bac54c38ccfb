import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { isRight, type RankCheck, rankCheck } from '../../leaderboard/rank-check.service.js';
import { quoted } from '../identifier.js';
import type { Target } from '../target.js';
import { meetingOf } from './merge-checks.js';
import { auditCounts, auditPresence, auditReferences, counted } from '../service/audits.js';
import type { Audit, Count } from '../service/reconciled.js';
import type { GameOptions } from './options.js';
import { SEQUENCES } from './sequences.js';
import type { GameShape } from './shape.js';
import { MONTHLY } from './staged-sql.js';

const FILLED = ['users', 'friendships', 'scores', 'standings', 'visits', 'seasons'];

/** Compiles statements for a connection that is not the ORM's. */
const compiler = new Kysely({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** Counts what breaks the rules that Laurel's tables go by, those that constraints keep among them. */
export async function auditGame(
  target: Target,
  shape: GameShape,
  options: GameOptions,
  counts: readonly Count[],
): Promise<Audit[]> {
  return [
    ...auditCounts(counts),
    ...(await auditReferences(target, FILLED)),
    ...(await auditPresence(target, FILLED)),
    await auditSeasons(target),
    ...(await auditSequences(target)),
    await auditRanks(target),
    ...(options.merge === undefined ? [] : await auditReplaced(target, shape, options)),
  ];
}

async function auditSeasons(target: Target): Promise<Audit> {
  const wrong = await counted(
    target,
    `select count(*)::integer as wrong from scores e join seasons s on s.id = e.season_id
      where s.leaderboard_id = '${MONTHLY}' and e.legacy_id is not null
        and not (e.created_at >= s.starts_at and e.created_at < s.ends_at)`,
  );
  return { what: 'scores that were not reached in their season', wrong };
}

async function auditSequences(target: Target): Promise<Audit[]> {
  const audits: Audit[] = [];
  for (const [sequence, table] of Object.entries(SEQUENCES)) {
    const wrong = await counted(
      target,
      `select count(*)::integer as wrong from ${table}, ${sequence} q
        where legacy_id > q.last_value - case when q.is_called then 0 else 1 end`,
    );
    audits.push({ what: `${table}.legacy_id beyond ${sequence}`, wrong });
  }
  return audits;
}

async function auditRanks(target: Target): Promise<Audit> {
  const seasons = await target.query<{ id: string }>(
    'select season_id as id from laurel_months where season_id is not null union select season_id from standing_counts',
  );
  let wrong = 0;
  for (const { id } of seasons) {
    const { sql, parameters } = rankCheck(id).compile(compiler);
    const [check] = await target.query<RankCheck>(sql, parameters);
    wrong += isRight(check!) ? 0 : 1;
  }
  return { what: 'seasons whose rank counts are not those of a recount', wrong };
}

/** Staged rows that took the place of what Laurel had, and are not what it has now. */
async function auditReplaced(target: Target, shape: GameShape, options: GameOptions): Promise<Audit[]> {
  const audits: Audit[] = [];
  for (const staged of shape.tables.filter(({ name }) => name !== 'users')) {
    const { stored, players, isSame, isEqual } = meetingOf(staged, options);
    const wrong = await counted(
      target,
      `select count(*)::integer as wrong from laurel_merged_${staged.name} m
        join ${quoted(staged.table.name)} t on t.ctid = m.tid ${players}
        left join ${stored} on ${isSame}
        where m.wins and not coalesce(${isEqual}, false)`,
    );
    audits.push({ what: `rows of ${staged.source.name} that did not take the place of older ones`, wrong });
  }
  return audits;
}
