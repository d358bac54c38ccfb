import { loadHistory } from '../../migrate/history.js';
import type { AppliedMigration } from '../../migrate/ledger.js';
import { headsOf } from '../../migrate/order.js';
import { entriesOf, type State } from '../../migrate/state.js';
import { VERSION } from '../../version.js';
import { TransferError } from '../errors.js';

/** Where in Laurel's history a backup is. */
export interface Origin {
  /** The newest migration of each branch in it. */
  heads: string[];
  /** How many migrations it has. */
  applied: number;
  /** The Laurel that applied the last of them; null where something else did. */
  laurelVersion: string | null;
  /** Migrations of this build that it does not have. */
  pending: string[];
  /** Migrations that this build has otherwise. */
  edited: string[];
  /** Migrations that this build does not have. */
  unknown: string[];
}

/** Where a backup is, by the migrations in it. */
export async function originOf(ledger: readonly AppliedMigration[]): Promise<Origin> {
  const history = await loadHistory();
  const entries = entriesOf(history, ledger);
  const named = (states: readonly State[]): string[] =>
    entries.filter(({ state }) => states.includes(state)).map(({ name }) => name);
  const names = new Set(ledger.map(({ name }) => name));
  const unknown = named(['missing file']);
  const heads = unknown.length > 0 ? ledger.slice(-1) : headsOf(history.filter(({ name }) => names.has(name)));
  return {
    heads: heads.map(({ name }) => name),
    applied: ledger.length,
    laurelVersion: ledger.at(-1)?.laurelVersion ?? null,
    pending: named(['pending', 'out of order']),
    edited: named(['edited since']),
    unknown,
  };
}

/** @throws TransferError where a backup has migrations that this build does not know */
export function refuseUnknown(path: string, { unknown, laurelVersion }: Origin): void {
  if (unknown.length > 0) {
    throw new TransferError(
      `${path} is of a newer Laurel, or of another one (${laurelVersion ?? 'unknown'}; this is ${VERSION}). This build has no ${unknown.join(', ')}. Nothing was changed.\nRestore it with the Laurel that it is of.`,
    );
  }
}

/** One line on where a backup is. */
export function describeOrigin({ heads, applied, laurelVersion, pending }: Origin): string {
  if (applied === 0) {
    return 'no migration applied';
  }
  const by = laurelVersion === null ? '' : `, by Laurel ${laurelVersion}`;
  return `migration ${heads.join(', ')}${by}${pending.length === 0 ? '' : `; ${pending.length} are newer in this build`}`;
}
