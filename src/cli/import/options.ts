import { type Command, InvalidArgumentError, Option } from 'commander';
import { isTimeZone } from '../../shared/time-zone.js';
import { choicesOf, ALL_KINDS, readPolicies } from '../../transfer/policies.js';
import { type Kind, KINDS, type Policies } from '../../transfer/policy.js';
import { UsageError } from '../../migrate/errors.js';

/** What all imports can be told. */
export interface ImportFlags extends Partial<Record<Kind, string>> {
  sourceTimeZone?: string;
  dryRun?: true;
  rejects?: string;
  policies?: string;
  report?: string;
  json?: true;
}

/** Adds to a command what all imports can be told; the policies of each kind come last in its help. */
export function addImportOptions(command: Command): Command {
  command
    .option('--source-time-zone <zone>', 'IANA zone of times that come without one', parseZone)
    .option('--dry-run', 'read and check, and change nothing')
    .option('--rejects <folder>', 'where rejected rows go, to be corrected and imported')
    .option('--policies <file>', 'JSON: what to do about each kind of fault, such as { "orphans": "reject" }')
    .option('--report <file>', 'where the report is kept as JSON; left out: in DATA_DIR/reports, by the time')
    .option('--json', 'report as JSON');
  for (const kind of ALL_KINDS) {
    const repairs = Object.entries(KINDS[kind].repairs).map(([name, about]) => `; ${name}: ${about}`);
    command.addOption(
      new Option(`--${kind} <policy>`, `${KINDS[kind].about}${repairs.join('')}`).choices(choicesOf(kind)),
    );
  }
  return command;
}

/**
 * What to do about each kind of fault.
 * @throws UsageError for choices that are not there, and where rows are to be rejected and have nowhere to go
 */
export function policiesOf(flags: ImportFlags): Policies {
  const given = Object.fromEntries(ALL_KINDS.flatMap((kind) => flagOf(flags, kind) ?? []).map((pair) => pair));
  const policies = readPolicies(given, flags.policies);
  const rejecting = ALL_KINDS.filter((kind) => policies[kind] === 'reject');
  if (rejecting.length > 0 && flags.rejects === undefined) {
    throw new UsageError(
      `Rows are to be rejected (${rejecting.join(', ')}), and there is no folder for them. Nothing was changed. Name one: --rejects rejected-rows`,
    );
  }
  return policies;
}

/** Commander writes `email-collisions` as `emailCollisions`. */
function flagOf(flags: ImportFlags, kind: Kind): [[Kind, string]] | undefined {
  const name = kind.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const value = (flags as Record<string, string | undefined>)[name];
  return value === undefined ? undefined : [[kind, value]];
}

function parseZone(name: string): string {
  if (!isTimeZone(name)) {
    throw new InvalidArgumentError('It is not an IANA time zone name, such as Asia/Seoul.');
  }
  return name;
}

export interface MergeFlag {
  merge?: 'newer' | 'fail';
}

export function mergeOption(): Option {
  return new Option(
    '--merge <rule>',
    'into a Laurel in use: rows that both have must be equal, or the newer stays',
  ).choices(['newer', 'fail']);
}

/** Names with commas between. @throws InvalidArgumentError where there is none */
export function parseNames(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) {
    throw new InvalidArgumentError('It is to be names with commas between.');
  }
  return names;
}

/**
 * Reads where a source is. Not by commander, which would print what is wrong, with its password.
 * @param example of what it is to be
 * @throws UsageError without a word of the text
 */
export function parseSourceUrl(text: string, isOne: (url: URL) => boolean, example: string): string {
  const url = URL.parse(text);
  if (url === null || !isOne(url) || url.pathname.length < 2) {
    throw new UsageError(
      `--from is to be like ${example}. Nothing was changed. In a password # is %23, / is %2F, @ is %40 and ? is %3F.`,
    );
  }
  return url.href;
}
