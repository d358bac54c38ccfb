import { parseArgs } from 'node:util';

const USAGE = `Usage: npm run bench:transfer -- [options]

  --rows N,N        scores to move; several sizes are measured one after the other (default 1000000)
  --rounds N        rounds, of which the median counts (default 3)
  --mysql URL       a MariaDB server on which databases may be made
  --postgres URL    a PostgreSQL server on which databases may be made; what is not given is started for the run
  --quick           20,000 rows, one round, to see that it works
  --json FILE       write all figures to FILE
  --markdown FILE   write the tables into FILE, between its markers
`;

const QUICK = { rows: '20000', rounds: '1' };
const FULL = { rows: '1000000', rounds: '3' };

/** Below, starting programs is most of what is measured. */
const LEAST_ROWS = 1000;

/**
 * The command line's options.
 * @param {string[]} args
 * @returns {{ sizes: number[], rounds: number, mysql: string | undefined, postgres: string | undefined,
 *   json: string | undefined, markdown: string | undefined }}
 */
export function readOptions(args) {
  const { quick, rows, rounds, ...rest } = parse(args);
  const defaults = quick ? QUICK : FULL;
  return {
    sizes: (rows ?? defaults.rows).split(',').map((size) => wholeNumber('rows', size, LEAST_ROWS)),
    rounds: wholeNumber('rounds', rounds ?? defaults.rounds, 1),
    mysql: rest.mysql,
    postgres: rest.postgres,
    json: rest.json,
    markdown: rest.markdown,
  };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        rows: { type: 'string' },
        rounds: { type: 'string' },
        mysql: { type: 'string' },
        postgres: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        markdown: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

function wholeNumber(name, text, least) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    return refuse(`--${name} takes whole numbers from ${least} on.`);
  }
  return value;
}

function refuse(message) {
  console.error(`${message}\n\n${USAGE}`);
  return process.exit(2);
}
