import type { Count } from '../service/reconciled.js';
import type { Target } from '../target.js';
import { withoutKeys } from './bulk-load.js';
import { type Carrier, carriers } from './carriers.js';
import { lockLaurel, refuseUnlessEmpty } from './locks.js';
import { findMerged, mergeRows } from './merge.js';
import type { GameOptions } from './options.js';
import { countedAtOnce, cutTies } from './rank-counts.js';
import { openSeasons, settleSeasonZone } from './seasons.js';
import { moveSequences } from './sequences.js';
import type { GameShape } from './shape.js';

/**
 * Carries the staged rows of a game service over into Laurel's tables, in the transaction that is open; the checks must
 * be through, with nothing left to fail for. Players' writes wait until the transaction ends. Laurel's tables are
 * filled as the migrations would have filled them, but for the zones of times and seasons.
 * @throws TransferError where Laurel is not empty and nothing is to be merged, or seasons were played in another zone
 */
export async function convertGame(target: Target, shape: GameShape, options: GameOptions): Promise<Count[]> {
  await lockLaurel(target);
  if (options.merge === undefined) {
    await refuseUnlessEmpty(target);
  }
  await settleSeasonZone(target, options.seasonTimeZone);
  await openSeasons(target, shape, options);
  const counts =
    options.merge === undefined
      ? await fill(target, carriers(shape, options))
      : await merge(target, carriers(shape, options), options);
  await moveSequences(target);
  return counts;
}

async function fill(target: Target, tables: readonly Carrier[]): Promise<Count[]> {
  const [users, ...children] = tables as [Carrier, ...Carrier[]];
  await target.query(users.insert);
  // Standings refer to scores.
  const stored = [...new Set([...children.map(({ into }) => into), 'standings', 'standing_counts'])];
  await withoutKeys(target, stored, () =>
    countedAtOnce(target, async () => {
      for (const { insert } of children) {
        await target.query(insert);
      }
    }),
  );
  await cutTies(target);
  const counts: Count[] = [];
  for (const table of tables) {
    counts.push(await count(target, table, 0, { merged: 0, updated: 0 }));
  }
  return counts;
}

async function merge(target: Target, tables: readonly Carrier[], options: GameOptions): Promise<Count[]> {
  const counts: Count[] = [];
  for (const table of tables) {
    const before = await rowsOf(target, table.into);
    await findMerged(target, table, options);
    const merged = await mergeRows(target, table, options);
    await target.query(table.insert);
    counts.push(await count(target, table, before, merged));
  }
  return counts;
}

async function count(
  target: Target,
  { staged, into }: Carrier,
  before: number,
  merged: Pick<Count, 'merged' | 'updated'>,
): Promise<Count> {
  const read = await rowsOf(target, staged.table.name);
  return { table: staged.source.name, read, written: (await rowsOf(target, into)) - before, ...merged };
}

async function rowsOf(target: Target, table: string): Promise<number> {
  const [row] = await target.query<{ rows: number }>(`select count(*)::integer as rows from ${table}`);
  return row?.rows ?? 0;
}
