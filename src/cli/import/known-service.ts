import type { Config } from '../../config.js';
import { recogniseGame } from '../../transfer/game/shape.js';
import type { NotCarried } from '../../transfer/import/report.js';
import type { Mover } from '../../transfer/import/run.js';
import type { Source } from '../../transfer/source.js';
import { recogniseStaff } from '../../transfer/staff/shape.js';
import type { Table } from '../../transfer/table.js';
import type { MergeFlag } from './options.js';

/** A service whose database is known here: its rows go into Laurel's tables. */
export interface KnownService {
  /** For people, such as `game service`. */
  called: string;
  /** The source's tables that are carried over. */
  tables: readonly string[];
  /** @param leftOut what the source has beside tables */
  mover(leftOut: readonly NotCarried[]): Promise<Mover>;
}

/**
 * The service whose database a source is.
 * @param partOf the one that it is known to be a part of: then tables that refer to others are enough
 * @returns undefined where it is another database
 */
export function knownService<T extends Table>(
  source: Source<T>,
  { seasonTimeZone, reservedNicknames }: Config,
  { merge }: MergeFlag,
  partOf?: 'game' | 'staff',
): KnownService | undefined {
  const game = partOf === 'staff' ? undefined : recogniseGame(source.tables, partOf === 'game');
  if (game !== undefined) {
    return {
      called: 'game service',
      tables: game.tables.map((staged) => staged.source.name),
      mover: async (leftOut) => {
        const { gameImport } = await import('../../transfer/import/game-import.js');
        return gameImport(source, game, { seasonTimeZone, merge }, leftOut);
      },
    };
  }
  const staff = partOf === 'game' ? undefined : recogniseStaff(source.tables, partOf === 'staff');
  if (staff !== undefined) {
    return {
      called: 'staff service',
      tables: staff.tables.map((staged) => staged.source.name),
      mover: async (leftOut) => {
        const { staffImport } = await import('../../transfer/import/staff-import.js');
        return staffImport(source, staff, { seasonTimeZone, reservedNicknames, merge }, leftOut);
      },
    };
  }
  return undefined;
}
