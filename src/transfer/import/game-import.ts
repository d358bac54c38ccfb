import { checkGame } from '../game/check-game.js';
import { convertGame } from '../game/convert.js';
import { refuseUnlessEmpty } from '../game/locks.js';
import type { GameOptions } from '../game/options.js';
import { reconcileGame } from '../game/reconcile.js';
import { SEQUENCES } from '../game/sequences.js';
import type { GameShape } from '../game/shape.js';
import type { Source } from '../source.js';
import type { Table } from '../table.js';
import type { Target } from '../target.js';
import { lookAlikeNotes } from './look-alikes.js';
import type { ImportReport, NotCarried } from './report.js';
import type { Mover } from './run.js';
import { serviceImport } from './service-import.js';

/**
 * Moves a game service's database into Laurel's tables.
 * @param leftOut what the source has beside tables
 */
export function gameImport<T extends Table>(
  source: Source<T>,
  shape: GameShape,
  { seasonTimeZone, merge }: Pick<GameOptions, 'seasonTimeZone' | 'merge'>,
  leftOut: readonly NotCarried[],
): Mover {
  const optionsIn = (timeZone: string): GameOptions => ({ seasonTimeZone, merge, timeZone });
  return serviceImport(
    source,
    shape,
    {
      mode: 'game',
      called: 'game service',
      filled: ['users', 'friendships', 'seasons', 'scores', 'standings', 'visits'],
      prepare: async (target) => {
        if (merge === undefined) {
          await refuseUnlessEmpty(target);
        }
      },
      check: (target, timeZone, run) => checkGame(target, shape, optionsIn(timeZone), run),
      write: async (target, timeZone) => {
        const options = optionsIn(timeZone);
        const counts = await convertGame(target, shape, options);
        const notes = lookAlikeNotes(await keptLookAlikes(target));
        const reconciliation = await reconcileGame(target, shape, options, counts);
        return { ...reconciliation, sequences: await sequencesOf(target), notes };
      },
    },
    leftOut,
  );
}

/** How many of the players who came with this run look like others by their nicknames. */
async function keptLookAlikes(target: Target): Promise<number> {
  const [counted] = await target.query<{ rows: number }>(
    `select count(*)::integer as rows from laurel_players p join users u on u.id = p.id where p.is_new and u.look_alike_kept`,
  );
  return counted!.rows;
}

async function sequencesOf(target: Target): Promise<ImportReport['sequences']> {
  const sequences: ImportReport['sequences'] = [];
  for (const name of Object.keys(SEQUENCES)) {
    const [row] = await target.query<{ last: string }>(
      `select (last_value - case when is_called then 0 else 1 end)::text as last from ${name}`,
    );
    sequences.push({ name, last: row!.last });
  }
  return sequences;
}
