import { quoted } from '../identifier.js';
import type { Kind } from '../policy.js';
import type { StagedCheck } from '../staged-check.js';
import type { StagedTable } from './staged-table.js';
import type { Target } from '../target.js';

/** A check that may look at one row at a time: then many of them can be screened in one pass. */
export interface RowsCheck extends StagedCheck {
  /** The condition of a row of the table aliased `t`, never NULL. */
  where?: string;
}

interface Finding {
  kind: Kind;
  column: string | null;
  repairs?: StagedCheck['repairs'];
}

/** A check of single rows. @param where condition of a row aliased `t`, never NULL */
export function rowCheck(staged: StagedTable, where: string, found: Finding): RowsCheck {
  return { ...setCheck(staged, `select t.ctid from ${quoted(staged.table.name)} t where ${where}`, found), where };
}

/** A check of rows beside others. @param rows query of their ctids */
export function setCheck(staged: StagedTable, rows: string, { kind, column, repairs }: Finding): RowsCheck {
  return { kind, table: staged.table, sourceName: staged.source.name, column, rows, repairs: repairs ?? {} };
}

/** Checks that columns have a value. */
export function present(staged: StagedTable, ...columns: string[]): RowsCheck[] {
  return columns.map((column) => rowCheck(staged, `t.${quoted(column)} is null`, { kind: 'null-values', column }));
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

/**
 * Checks of single rows are screened in one pass: as a rule nothing is found, and a pass for each would cost more than
 * all else. Once a table has had a finding, what comes after is looked at in full, as repairs can bring it out.
 * @param run what is to be done with a check; answers how many rows it found
 */
export async function runChecks(
  target: Target,
  { table }: StagedTable,
  checks: readonly RowsCheck[],
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

/** What the transaction may use for sorting and for indexes; servers are set up for many small ones at once. */
const MEMORY = ["set local work_mem = '64MB'", "set local maintenance_work_mem = '128MB'"];

/** Gives the transaction memory for what checks and conversions sort. */
export async function useMemory(target: Target): Promise<void> {
  for (const setting of target.embedded ? [] : MEMORY) {
    await target.query(setting);
  }
}
