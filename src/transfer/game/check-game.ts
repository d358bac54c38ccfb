import { quoted } from '../identifier.js';
import type { StagedCheck } from '../staged-check.js';
import type { Target } from '../target.js';
import { runChecks, useMemory } from '../service/checks.js';
import { childChecks } from './child-checks.js';
import type { GameOptions } from './options.js';
import { matchPlayers } from './players.js';
import { stagedTable } from '../service/staged-table.js';
import type { GameShape } from './shape.js';
import { userChecks } from './user-checks.js';

/**
 * Looks for all that is wrong with the staged rows of a game service: users first, then the rows that refer to those
 * who are left. The checks' policies are applied by `run`. Makes what the conversion needs to know of the players.
 * @param run what is to be done with a check; answers how many rows it found
 */
export async function checkGame(
  target: Target,
  shape: GameShape,
  options: GameOptions,
  run: (check: StagedCheck) => Promise<number>,
): Promise<void> {
  await useMemory(target);
  if (stagedTable(shape, 'users') === undefined) {
    await matchPlayers(target, shape, options);
  }
  for (const staged of shape.tables) {
    await target.query(`analyze ${quoted(staged.table.name)}`);
    if (staged.name === 'users') {
      await runChecks(target, staged, userChecks(shape, options), run);
      await matchPlayers(target, shape, options);
    } else {
      await runChecks(target, staged, childChecks(staged, options), run);
    }
  }
}
