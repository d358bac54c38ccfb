import { parseArgs } from 'node:util';

const USAGE = `Usage: npm run bench -- [options]

  --players N       standings in the season (default 1000000)
  --postgres URL    a PostgreSQL server on which databases may be made (default BENCH_POSTGRES_URL,
                    else one is started for the run)
  --rounds N        rounds, of which the median counts (default 3)
  --seconds N       length of one measurement (default 10)
  --growth          only how reads and submissions grow with the number of standings
  --quick           10,000 players and short rounds, to see that it works
  --json FILE       write all figures to FILE
  --markdown FILE   write the tables into FILE, between its markers
`;

const QUICK = { players: '10000', rounds: '2', seconds: '1' };
const FULL = { players: '1000000', rounds: '3', seconds: '10' };

/**
 * The command line's options.
 * @param {string[]} args
 * @returns {{ players: number, postgres: string | undefined, rounds: number, seconds: number, growth: boolean,
 *   quick: boolean, json: string | undefined, markdown: string | undefined }}
 */
export function readOptions(args) {
  const { values } = parse(args);
  const defaults = values.quick ? QUICK : FULL;
  return {
    players: wholeNumber('players', values.players ?? defaults.players, 1000),
    postgres: values.postgres ?? (process.env.BENCH_POSTGRES_URL || undefined),
    rounds: wholeNumber('rounds', values.rounds ?? defaults.rounds, 1),
    seconds: wholeNumber('seconds', values.seconds ?? defaults.seconds, 1),
    growth: values.growth,
    quick: values.quick,
    json: values.json,
    markdown: values.markdown,
  };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        players: { type: 'string' },
        postgres: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        growth: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        markdown: { type: 'string' },
      },
    });
  } catch (error) {
    return refuse(error.message);
  }
}

function wholeNumber(name, text, least) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    return refuse(`--${name} takes a whole number from ${least} on.`);
  }
  return value;
}

function refuse(message) {
  console.error(`${message}\n\n${USAGE}`);
  return process.exit(2);
}
