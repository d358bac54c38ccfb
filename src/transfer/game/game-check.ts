import { quoted } from '../identifier.js';
import type { Kind } from '../policy.js';
import type { StagedCheck } from '../staged-check.js';
import type { StagedTable } from './shape.js';

/** A check that may look at one row at a time: then many of them can be screened in one pass. */
export interface GameCheck extends StagedCheck {
  /** The condition of a row of the table aliased `t`, never NULL. */
  where?: string;
}

interface Finding {
  kind: Kind;
  column: string | null;
  repairs?: StagedCheck['repairs'];
}

/** A check of single rows. @param where condition of a row aliased `t`, never NULL */
export function rowCheck(staged: StagedTable, where: string, found: Finding): GameCheck {
  return { ...setCheck(staged, `select t.ctid from ${quoted(staged.table.name)} t where ${where}`, found), where };
}

/** A check of rows beside others. @param rows query of their ctids */
export function setCheck(staged: StagedTable, rows: string, { kind, column, repairs }: Finding): GameCheck {
  return { kind, table: staged.table, sourceName: staged.source.name, column, rows, repairs: repairs ?? {} };
}

/**
 * Rows that come after the first of each set.
 * @param by what a set has in common, as SQL of a row aliased `t`; rows in which one of it is NULL are left out
 * @param order which of them is the first
 */
export function repeatedRows({ table }: StagedTable, by: readonly string[], order: string): string {
  return `select ctid from (
      select t.ctid, row_number() over (partition by ${by.join(', ')} order by ${order}) as place
      from ${quoted(table.name)} t where ${by.map((part) => `${part} is not null`).join(' and ')}
    ) repeated where place > 1`;
}

/** SQL of a repair: takes the rows away that were found. */
export function deleteFound({ table }: StagedTable): string {
  return `delete from ${quoted(table.name)} t using laurel_found f where t.ctid = f.row`;
}

/** SQL of a repair: sets columns of the rows that were found, aliased `t`. */
export function setFound({ table }: StagedTable, assignment: string): string {
  return `update ${quoted(table.name)} t set ${assignment} from laurel_found f where t.ctid = f.row`;
}
