import { type Command, InvalidArgumentError } from 'commander';

/** What every verb of `laurel migrate` takes. */
export interface MigrateOptions {
  folder?: string;
  json?: true;
}

/** A verb with the options that all have. */
export function verb(migrate: Command, usage: string, description: string, example: string): Command {
  return migrate
    .command(usage)
    .description(description)
    .option('--folder <dir>', "migrations of another folder, instead of this build's")
    .option('--json', 'report as JSON')
    .addHelpText('after', `\nExample:\n  laurel migrate ${example}`);
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** What PostgreSQL's timeouts, and Node's timers, take at most. */
const LONGEST_MILLISECONDS = 2_147_483_647;

/** `500ms`, `5s`, `10min` or `6h`, in milliseconds. @throws InvalidArgumentError for anything else, or over 24 days */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|min|h)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new InvalidArgumentError('Write a whole number and its unit, e.g. 500ms, 5s, 10min or 6h.');
  }
  const milliseconds = Number(amount) * UNITS[unit]!;
  if (milliseconds > LONGEST_MILLISECONDS) {
    throw new InvalidArgumentError('The longest is 596h.');
  }
  return milliseconds;
}
