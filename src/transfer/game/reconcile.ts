import { quoted } from '../identifier.js';
import { type ComparedColumn, type ComparedTables, compareTables } from '../service/compare-tables.js';
import type { Audit, Count, ReconciledTable } from '../service/reconciled.js';
import type { Target } from '../target.js';
import { auditGame } from './audit.js';
import { comparisonOf } from './compared-columns.js';
import type { GameOptions } from './options.js';
import type { GameShape, GameStaged } from './shape.js';

export interface Reconciliation {
  tables: ReconciledTable[];
  audits: Audit[];
}

/**
 * Compares the staged rows with what Laurel's tables have of them, mapped back to the source's columns, after the
 * conversion and in its transaction.
 *
 * Into an empty Laurel, all its rows are compared. Of a merge, the rows that are new are: those that Laurel had before
 * are counted, as the rule of the merge made them what they are; that those which took the place of what Laurel had did
 * so is audited.
 * @param counts what the conversion answered
 */
export async function reconcileGame(
  target: Target,
  shape: GameShape,
  options: GameOptions,
  counts: readonly Count[],
): Promise<Reconciliation> {
  const tables: ReconciledTable[] = [];
  for (const [index, staged] of shape.tables.entries()) {
    tables.push({ ...counts[index]!, ...(await compareTables(target, comparedTables(staged, options))) });
  }
  return { tables, audits: await auditGame(target, shape, options, counts) };
}

/** Whether nothing differs and nothing is wrong. */
export function isReconciled({ tables, audits }: Reconciliation): boolean {
  return tables.every(({ differences }) => differences.length === 0) && audits.every(({ wrong }) => wrong === 0);
}

function comparedTables(staged: GameStaged, options: GameOptions): ComparedTables {
  const { columns, stagedJoins, stored } = comparisonOf(staged, options);
  const staging = quoted(staged.table.name);
  const isFresh = `not exists (select from laurel_merged_${staged.name} x where x.tid = t.ctid)`;
  const isMerge = options.merge !== undefined;
  return {
    columns: columns as [ComparedColumn, ...ComparedColumn[]],
    from: {
      staged: `${staging} t ${stagedJoins} ${isMerge ? `where ${isFresh}` : ''}`,
      stored: isMerge
        ? `${stored} where l.legacy_id in (select t.id::integer from ${staging} t where ${isFresh})`
        : stored,
    },
  };
}
