import type { MigrationFile } from './history.js';
import type { AppliedMigration } from './ledger.js';

export type State = 'applied' | 'edited since' | 'missing file' | 'pending' | 'out of order';

/** A migration that this build or the database knows. */
export interface Entry {
  name: string;
  state: State;
  /** Undefined where the database alone knows it. */
  file: MigrationFile | undefined;
  /** Undefined where it is not applied. */
  applied: AppliedMigration | undefined;
}

/**
 * What is with each migration: those of this build in its order, each missing one after the one that was applied
 * before it.
 */
export function entriesOf(history: readonly MigrationFile[], ledger: readonly AppliedMigration[]): Entry[] {
  const applied = new Map(ledger.map((row) => [row.name, row]));
  const last = history.findLastIndex(({ name }) => applied.has(name));
  const entries: Entry[] = history.map((file, index) => {
    const row = applied.get(file.name);
    return { name: file.name, state: stateOf(file, row, index < last), file, applied: row };
  });
  const known = new Set(history.map(({ name }) => name));
  ledger.forEach((row, index) => {
    if (!known.has(row.name)) {
      const before = entries.findIndex(({ name }) => name === ledger[index - 1]?.name);
      entries.splice(before + 1, 0, { name: row.name, state: 'missing file', file: undefined, applied: row });
    }
  });
  return entries;
}

function stateOf(file: MigrationFile, row: AppliedMigration | undefined, isBeforeApplied: boolean): State {
  if (row === undefined) {
    return isBeforeApplied ? 'out of order' : 'pending';
  }
  const areKnown = row.checksum !== null && file.checksum !== null;
  return areKnown && row.checksum !== file.checksum ? 'edited since' : 'applied';
}
