import { type Command, Option } from 'commander';
import { OPERATOR } from '../admin/audit-log.type.js';
import type { Config } from '../config.js';
import { createLeaderboard, listLeaderboards } from '../leaderboard/leaderboard.service.js';
import {
  LeaderboardPeriod,
  type LeaderboardRow,
  ScoreAggregation,
  ScoreOrder,
} from '../leaderboard/leaderboard.type.js';
import type { Period } from '../leaderboard/season-calendar.js';
import { MAX_PAGE_SIZE } from '../shared/connection.js';
import { isTimeZone } from '../shared/time-zone.js';
import { CommandError, withDatabase } from './command.js';

interface CreateOptions {
  title?: string;
  aggregation: ScoreAggregation;
  order: ScoreOrder;
  period: Period;
  timeZone?: string;
  json?: true;
}

/** `laurel leaderboard`: making and listing boards. */
export function addLeaderboard(program: Command): void {
  const leaderboard = program.command('leaderboard').description('make and list leaderboards');
  leaderboard
    .command('create')
    .argument('<slug>', 'what clients name the board by: lower-case letters, digits and hyphens')
    .description('make a leaderboard')
    .option('--title <text>', 'what people read (default: the slug)')
    .addOption(choice('--aggregation <rule>', 'what a standing keeps', Object.values(ScoreAggregation), 'BEST'))
    .addOption(choice('--order <order>', 'which scores come first', Object.values(ScoreOrder), 'HIGHER_IS_BETTER'))
    .addOption(choice('--period <period>', 'how long a season lasts', Object.values(LeaderboardPeriod), 'MONTHLY'))
    .option('--time-zone <name>', 'IANA zone of the season boundaries (default: SEASON_TIME_ZONE)')
    .option('--json', 'report as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  laurel leaderboard create speedrun --order LOWER_IS_BETTER --period WEEKLY --time-zone Asia/Seoul',
    )
    .action((slug: string, options: CreateOptions) =>
      withDatabase(async ({ orm }, config) => {
        const board = await createLeaderboard(orm.em.fork(), OPERATOR, {
          ...options,
          ...namesOf(slug, options, config),
        });
        printBoards([board], options.json);
      }),
    );
  leaderboard
    .command('list')
    .description('list the leaderboards')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel leaderboard list --json')
    .action((options: { json?: true }) =>
      withDatabase(async ({ orm }) => {
        const boards: LeaderboardRow[] = [];
        let after: string | null = null;
        do {
          const page = await listLeaderboards(orm.em.fork(), MAX_PAGE_SIZE, after);
          boards.push(...page.nodes);
          after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
        } while (after !== null);
        printBoards(boards, options.json);
      }),
    );
}

function choice(flags: string, description: string, values: string[], byDefault: string): Option {
  return new Option(flags, description).choices(values).default(byDefault);
}

function namesOf(slug: string, { title, timeZone }: CreateOptions, config: Config) {
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    throw new CommandError(`${timeZone} is not the name of an IANA time zone, such as Asia/Seoul.`);
  }
  return { slug, title: title ?? slug, timeZone: timeZone ?? config.seasonTimeZone };
}

function printBoards(boards: LeaderboardRow[], json: true | undefined): void {
  const rows = boards.map(({ readAt: _, ...board }) => board);
  if (json) {
    console.log(JSON.stringify(rows));
    return;
  }
  for (const { slug, title, aggregation, order, period, timeZone } of rows) {
    console.log(`${slug}  "${title}"  ${aggregation}  ${order}  ${period}  ${timeZone}`);
  }
}
