import { TransferError } from '../errors.js';
import type { Target } from '../target.js';

/** Loaded where it is needed: the migrations, and what reads them, take half a second. */
async function headsHere(target: Target): Promise<string[]> {
  const { migrationHeads } = await import('../csv/migration-heads.js');
  return migrationHeads(target);
}

/**
 * Refuses a database whose tables are not those that this build knows.
 * @throws TransferError where migrations are pending, or are of a newer build
 */
export async function refuseUnlessCurrent(target: Target): Promise<void> {
  const [{ loadHistory }, { headsOf }] = await Promise.all([
    import('../../migrate/history.js'),
    import('../../migrate/order.js'),
  ]);
  const heads = await headsHere(target);
  const known = headsOf(await loadHistory()).map(({ name }) => name);
  if (heads.length === 0) {
    throw new TransferError(
      'The database that rows are to go to has no tables of Laurel. Nothing was changed. Make them first: laurel migrate upgrade',
    );
  }
  if (heads.toSorted().join() !== known.toSorted().join()) {
    throw new TransferError(
      `The database that rows are to go to is at ${heads.join(', ')}, and this build at ${known.join(', ')}. Nothing was changed. Look at laurel migrate status, and run laurel migrate upgrade.`,
    );
  }
}

/**
 * Refuses a source whose tables are those of another version.
 * @param migrations the source's newest; none where Laurel's migrator never ran there
 * @param name of the source, for people
 * @throws TransferError where they are others than those here
 */
export async function refuseOtherMigrations(
  target: Target,
  migrations: readonly string[],
  name: string,
): Promise<void> {
  const heads = await headsHere(target);
  if (migrations.length > 0 && migrations.toSorted().join() !== heads.toSorted().join()) {
    throw new TransferError(
      `${name} is at ${migrations.join(', ')}, and the database that rows are to go to at ${heads.join(', ') || 'no migration'}. Nothing was changed. Bring both to the same: laurel migrate upgrade`,
    );
  }
}
