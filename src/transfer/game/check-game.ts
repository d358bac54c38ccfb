import { quoted } from '../identifier.js';
import type { StagedCheck } from '../staged-check.js';
import type { Target } from '../target.js';
import { childChecks } from './child-checks.js';
import type { GameCheck } from './game-check.js';
import type { GameOptions } from './options.js';
import { matchPlayers } from './players.js';
import { type GameShape, type StagedTable, stagedTable } from './shape.js';
import { userChecks } from './user-checks.js';

/** What the transaction may use for sorting and for indexes; servers are set up for many small ones at once. */
const MEMORY = ["set local work_mem = '64MB'", "set local maintenance_work_mem = '128MB'"];

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
  for (const setting of target.embedded ? [] : MEMORY) {
    await target.query(setting);
  }
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

/**
 * Checks of single rows are screened in one pass: as a rule nothing is found, and a pass for each would cost more than
 * all else. Once a table has had a finding, what comes after is looked at in full, as repairs can bring it out.
 */
async function runChecks(
  target: Target,
  { table }: StagedTable,
  checks: readonly GameCheck[],
  run: (check: StagedCheck) => Promise<number>,
): Promise<void> {
  const screened = checks.filter(({ where }) => where !== undefined);
  const counts = screened.map(({ where }, index) => `count(*) filter (where ${where})::integer as c${index}`);
  const [counted] = await target.query<Record<string, number>>(
    `select ${counts.join(', ')} from ${quoted(table.name)} t`,
  );
  let isClean = true;
  for (const check of checks) {
    const isFree = check.where !== undefined && counted?.[`c${screened.indexOf(check)}`] === 0;
    if (!(isClean && isFree)) {
      isClean = (await run(check)) === 0 && isClean;
    }
  }
}
