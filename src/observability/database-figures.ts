import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { JOBS_SCHEMA } from '../jobs/schema.js';
import { DEFAULT_SLUG } from '../leaderboard/leaderboard.service.js';

/** Milliseconds for which what was read is told again. */
const KEPT_MILLISECONDS = 15_000;
/** Scrapers wait ten seconds at most; a database that is away must not make them lose everything else. */
const PATIENCE_MILLISECONDS = 2000;

export interface RankTree {
  /** Levels that the current season of the default board uses. */
  levels: number;
  players: number;
  /** Rows of all trees written since the database's statistics began. */
  rowsWritten: number;
}

export interface JobCount {
  queue: string;
  state: string;
  jobs: number;
  /** Since the oldest of them could have been begun; 0 where none waits. */
  overdueSeconds: number;
}

export interface Figures {
  isReachable: boolean;
  /** Undefined where the database could not be asked, or its season has not begun. */
  rankTree: RankTree | undefined;
  jobs: readonly JobCount[];
}

const UNKNOWN: Figures = { isReachable: false, rankTree: undefined, jobs: [] };

/** What only the database knows, read when it is asked for, but not more often than every 15 seconds. */
export class DatabaseFigures {
  #latest: Figures = UNKNOWN;
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(private readonly database: Database) {}

  /** Never fails, and takes two seconds at most. */
  async latest(): Promise<Figures> {
    if (performance.now() - this.#readAt >= KEPT_MILLISECONDS) {
      this.#reading ??= this.read().finally(() => {
        this.#reading = undefined;
      });
      const inTime = await Promise.race([
        this.#reading.then(() => true),
        sleep(PATIENCE_MILLISECONDS, false, { ref: false }),
      ]);
      if (!inTime) {
        this.note(UNKNOWN);
      }
    }
    return this.#latest;
  }

  private note(figures: Figures): void {
    this.#latest = figures;
    this.#readAt = performance.now();
  }

  private async read(): Promise<void> {
    const em = this.database.orm.em.fork();
    try {
      this.note({ isReachable: true, rankTree: await readRankTree(em), jobs: await readJobs(em) });
    } catch {
      this.note(UNKNOWN);
    }
  }
}

async function readRankTree(em: SqlEntityManager): Promise<RankTree | undefined> {
  return queryOne(
    em,
    sql<RankTree>`select
        coalesce((select max(level) + 1 from standing_counts c where c.season_id = s.id), 0) as levels,
        laurel_count_players(s.id) as players,
        coalesce((
          select n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables
          where relid = to_regclass('standing_counts')
        ), 0)::float8 as "rowsWritten"
      from seasons s join leaderboards l on l.id = s.leaderboard_id
      where l.slug = ${DEFAULT_SLUG} and (s.starts_at is null or s.starts_at <= now()) and (s.ends_at is null or s.ends_at > now())
      order by s.starts_at desc nulls last limit 1`,
  );
}

async function readJobs(em: SqlEntityManager): Promise<JobCount[]> {
  const { exists } = await queryExactlyOne(
    em,
    sql<{ exists: boolean }>`select to_regclass(${`${JOBS_SCHEMA}.job`}) is not null as exists`,
  );
  if (!exists) {
    return [];
  }
  return query(
    em,
    sql<JobCount>`select name as queue, state::text as state, count(*)::int as jobs,
        coalesce(extract(epoch from now() - min(start_after) filter (
          where state in ('created', 'retry') and start_after < now()
        )), 0)::float8 as "overdueSeconds"
      from ${sql.table(`${JOBS_SCHEMA}.job`)}
      where state in ('created', 'retry', 'active', 'failed') and name not like '\\_\\_%'
      group by 1, 2`,
  );
}
