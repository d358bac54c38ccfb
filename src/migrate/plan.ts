import { MigrationError, UsageError } from './errors.js';
import type { MigrationFile } from './history.js';
import type { AppliedMigration } from './ledger.js';
import type { Target } from './revision.js';
import { entriesOf } from './state.js';
import { headsOf } from './order.js';

export type Direction = 'up' | 'down';

/** What is to be run, in its order. */
export interface Plan {
  direction: Direction;
  migrations: MigrationFile[];
  /** What the operator should know, but need not stop for. */
  warnings: string[];
}

/**
 * The migrations from where the database is to a target.
 * @throws MigrationError where the database knows migrations that this build does not, or one to be applied comes
 *   before one that is
 * @throws UsageError for more steps than there are, or a target on the other side
 */
export function planUpgrade(
  history: readonly MigrationFile[],
  ledger: readonly AppliedMigration[],
  target: Target,
): Plan {
  const entries = entriesOf(history, ledger);
  refuseMissing(entries.filter(({ state }) => state === 'missing file').map(({ name }) => name));
  const pending = entries.filter(({ applied }) => applied === undefined).map(({ file }) => file!);
  refuseBranches(history, ledger, target);
  const migrations = takeUp(pending, ledger, target);
  const early = entries.filter(
    ({ name, state }) => state === 'out of order' && migrations.some((m) => m.name === name),
  );
  if (early.length > 0) {
    throw new MigrationError(
      `Applied already is what comes after ${list(early.map(({ name }) => name))}. Nothing was run.\n${wayOut(history, ledger)}`,
    );
  }
  return { direction: 'up', migrations, warnings: editedWarnings(entries) };
}

function refuseBranches(history: readonly MigrationFile[], ledger: readonly AppliedMigration[], target: Target): void {
  const heads = headsOf(history);
  if (target === 'head' && heads.length > 1) {
    throw new MigrationError(
      `There are ${heads.length} heads: ${list(heads.map(({ name }) => name))}. Nothing was run.\n${mergeCommand(heads, ledger)}\nOr name the migration to go to.`,
    );
  }
}

/** How to have a migration applied after what is applied, though it comes before it by time. */
function wayOut(history: readonly MigrationFile[], ledger: readonly AppliedMigration[]): string {
  const heads = headsOf(history);
  return heads.length === 1
    ? 'If no database has it yet, give its file a later time. `laurel migrate check` tells more.'
    : mergeCommand(heads, ledger);
}

/** What is applied already comes first: else the others could not be applied any more. */
function mergeCommand(heads: readonly MigrationFile[], ledger: readonly AppliedMigration[]): string {
  const applied = new Set(ledger.map(({ name }) => name));
  const names = heads.map(({ name }) => name);
  const ordered = [...names.filter((name) => applied.has(name)), ...names.filter((name) => !applied.has(name))];
  return `If they do not touch the same things, settle their order: laurel migrate merge ${ordered.join(' ')} -m REASON`;
}

function takeUp(pending: MigrationFile[], ledger: readonly AppliedMigration[], target: Target): MigrationFile[] {
  if (target === 'head' || target === 'base') {
    return pending;
  }
  if ('steps' in target) {
    if (target.steps > pending.length) {
      throw new UsageError(`+${target.steps} is further than the newest: ${pending.length} pending. Nothing was run.`);
    }
    return pending.slice(0, target.steps);
  }
  if (ledger.some(({ name }) => name === target.name)) {
    throw new UsageError(
      `${target.name} is applied already. To go back to it: laurel migrate downgrade. Nothing was run.`,
    );
  }
  return pending.slice(0, pending.findIndex(({ name }) => name === target.name) + 1);
}

/**
 * The migrations to be reverted, newest first. A migration as the target stays.
 * @throws MigrationError where one of them has no file, or no way back
 * @throws UsageError for more steps than there are, or a target that is not applied
 */
export function planDowngrade(
  history: readonly MigrationFile[],
  ledger: readonly AppliedMigration[],
  target: Target,
): Plan {
  const entries = entriesOf(history, ledger).filter(({ applied }) => applied !== undefined);
  const newestFirst = entries.toReversed();
  const chosen = newestFirst.slice(
    0,
    stepsDown(
      newestFirst.map(({ name }) => name),
      target,
    ),
  );
  refuseMissing(chosen.filter(({ file }) => file === undefined).map(({ name }) => name));
  const migrations = chosen.map(({ file }) => file!);
  const oneWay = migrations.filter(({ down }) => down === undefined);
  if (oneWay.length > 0) {
    throw new MigrationError(`${list(oneWay.map(({ name }) => name))} has no way back. Nothing was run.`);
  }
  return { direction: 'down', migrations, warnings: editedWarnings(chosen) };
}

function stepsDown(newestFirst: string[], target: Target): number {
  if (target === 'base' || target === 'head') {
    return newestFirst.length;
  }
  if ('steps' in target) {
    if (target.steps > newestFirst.length) {
      throw new UsageError(
        `-${target.steps} is further than the first: ${newestFirst.length} applied. Nothing was run.`,
      );
    }
    return target.steps;
  }
  const place = newestFirst.indexOf(target.name);
  if (place === -1) {
    throw new UsageError(`${target.name} is not applied, so there is no way back to it. Nothing was run.`);
  }
  return place;
}

function refuseMissing(names: string[]): void {
  if (names.length > 0) {
    throw new MigrationError(
      `The database has ${list(names)}, and this build has no such file. Nothing was run.\nRun a build of Laurel that has it; or, where it is gone for good, tell the database where it is: laurel migrate stamp.`,
    );
  }
}

function editedWarnings(entries: readonly { name: string; state: string }[]): string[] {
  return entries
    .filter(({ state }) => state === 'edited since')
    .map(({ name }) => `${name} was edited since it was applied here.`);
}

function list(names: readonly string[]): string {
  return names.join(', ');
}
