import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Command } from 'commander';
import type { Database } from '../database/database.js';
import { queryExactlyOne, sql } from '../database/query.js';
import {
  type CheckedSeason,
  checkRanks,
  isRight,
  listCheckedSeasons,
  type RankCheck,
} from '../leaderboard/rank-check.service.js';
import { repairRanks } from '../leaderboard/rank-repair.service.js';
import { pendingMigrations } from '../migrate/status.js';
import { CommandError, withDatabase } from './command.js';

const OLDEST_SERVER = 15;

interface DoctorOptions {
  repair?: true;
  json?: true;
}

/** What the JSON report has of a season. */
interface SeasonReport {
  /** Null where the season itself is not stored. */
  leaderboard: string | null;
  season: string | null;
  seasonId: string;
  players: number;
  /** As it was found. */
  found: Pick<RankCheck, 'levels' | 'runs' | 'marks' | 'standings'>;
  repaired: boolean;
  /** In the end, after a repair as well. */
  right: boolean;
}

/** `laurel doctor`: whether the database is as the server needs it. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description("check the database, and the ranks of every season against a recount; ends with 1 where it isn't well")
    .option('--repair', 'make wrong ranks right, while scores are submitted')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel doctor --repair')
    .action((options: DoctorOptions) => withDatabase((database) => examine(database, options)));
}

async function examine(database: Database, { repair, json }: DoctorOptions): Promise<void> {
  const tell = (line: string): void => {
    if (json !== true) {
      console.log(line);
    }
  };
  const em = database.orm.em.fork();
  const server = await serverVersion(em);
  const supported = Number.parseInt(server, 10) >= OLDEST_SERVER;
  tell(`PostgreSQL ${server}: ${supported ? 'reachable' : `too old, ${OLDEST_SERVER} or newer is needed`}`);
  const pending = await pendingMigrations(database);
  tell(
    pending.length === 0
      ? 'Migrations: none pending'
      : `Migrations: ${pending.length} pending; ranks are checked after \`laurel migrate upgrade\``,
  );
  const seasons = pending.length === 0 ? await examineSeasons(em, repair === true, tell) : null;
  if (json) {
    console.log(JSON.stringify({ server, supported, pending, seasons }));
  }
  const wrong = seasons?.filter(({ right }) => !right).length ?? 0;
  if (!supported || pending.length > 0 || wrong > 0) {
    process.exitCode = 1;
  }
  if (seasons !== null) {
    tell(wrong === 0 ? 'All ranks are right.' : `Ranks differ in ${wrong} of ${counted(seasons.length, 'season')}.`);
  }
  if (wrong > 0 && repair !== true) {
    tell('To repair them: laurel doctor --repair');
  }
}

async function serverVersion(em: SqlEntityManager): Promise<string> {
  try {
    const { version } = await queryExactlyOne(
      em,
      sql<{ version: string }>`select current_setting('server_version') as version`,
    );
    return version;
  } catch (error) {
    throw new CommandError(`The database cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function examineSeasons(
  em: SqlEntityManager,
  repair: boolean,
  tell: (line: string) => void,
): Promise<SeasonReport[]> {
  const reports: SeasonReport[] = [];
  for (const season of await listCheckedSeasons(em)) {
    const found = await checkRanks(em, season.id);
    tell(`${nameOf(season)}: ${found.players} players, ${isRight(found) ? 'right' : describe(found)}`);
    reports.push(await settle(em, season, found, repair && !isRight(found), tell));
  }
  return reports;
}

async function settle(
  em: SqlEntityManager,
  season: CheckedSeason,
  found: RankCheck,
  repair: boolean,
  tell: (line: string) => void,
): Promise<SeasonReport> {
  let last = found;
  if (repair) {
    await repairRanks(em, season.id);
    last = await checkRanks(em, season.id);
    tell(`${nameOf(season)}: ${isRight(last) ? 'repaired' : `after the repair, still ${describe(last)}`}`);
  }
  return {
    leaderboard: season.slug,
    season: season.key,
    seasonId: season.id,
    players: last.players,
    found: { levels: found.levels, runs: found.runs, marks: found.marks, standings: found.standings },
    repaired: repair,
    right: isRight(last),
  };
}

function nameOf({ id, slug, key }: CheckedSeason): string {
  return slug === null || key === null ? `unknown season ${id}` : `${slug} ${key}`;
}

function describe({ levels, runs, marks, standings }: RankCheck): string {
  const parts = levels.flatMap((buckets, level) =>
    buckets === 0 ? [] : [`${counted(buckets, 'bucket')} of level ${level}`],
  );
  if (standings > 0) {
    parts.push(`${counted(standings, 'standing')} not where the player and the board say`);
  }
  if (runs > 0) {
    parts.push(`${counted(runs, 'run')} of equals`);
  }
  if (marks > 0) {
    parts.push(`${counted(marks, 'mark')} of runs`);
  }
  return `differs: ${parts.join(', ')}`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
