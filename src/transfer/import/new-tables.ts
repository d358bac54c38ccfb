import { UsageError } from '../../migrate/errors.js';
import { TransferError } from '../errors.js';
import { quoted } from '../identifier.js';
import type { NewTable } from '../new-table.js';
import type { Target } from '../target.js';
import type { Table } from '../table.js';
import type { Run } from './run.js';

/** Codes of PostgreSQL for rows that break a key, a check or a reference. */
const BROKEN_RULE = /^23/;

/** Makes the tables without their keys, and notes what of their definitions has no counterpart. */
export async function createTables({ target, problems }: Run, definitions: readonly NewTable[]): Promise<void> {
  for (const { create, problems: unmatched } of definitions) {
    for (const { table, column, what } of unmatched) {
      const policy = problems.found({ kind: 'definitions', table, column, rows: 0, samples: [what] });
      if (policy === 'reject') {
        throw new UsageError('Definitions cannot be rejected. Nothing was changed. Choose: --definitions plain');
      }
    }
    for (const statement of create) {
      await target.query(statement);
    }
  }
}

/**
 * Runs statements that rows can be in the way of, all or none of them.
 * @returns whether they could be run
 * @throws whatever is wrong but the rows
 */
export async function tryStatements(target: Target, statements: readonly string[]): Promise<boolean> {
  await target.query('savepoint laurel_keys');
  try {
    for (const statement of statements) {
      await target.query(statement);
    }
  } catch (error) {
    if (!BROKEN_RULE.test((error as { code?: string }).code ?? '')) {
      throw error;
    }
    await target.query('rollback to savepoint laurel_keys');
    return false;
  }
  await target.query('release savepoint laurel_keys');
  return true;
}

/** Lets an identity go on where the source would, and behind all numbers that are there. */
export async function setIdentity(
  target: Target,
  table: Table,
  { column, next }: NewTable['sequences'][number],
): Promise<void> {
  const [largest] = await target.query<{ next: string }>(
    `select greatest($1::numeric, coalesce(max(${quoted(column)}), 0)::numeric + 1)::text as next from ${quoted(table.name)}`,
    [String(next)],
  );
  const from = BigInt(largest!.next);
  const range = table.columns.find(({ name }) => name === column)?.range;
  if (range !== undefined && from > range.max) {
    throw new TransferError(
      `${table.name}.${column} has no number left for another row: the largest is there already. Nothing was changed. Give the column a larger type in the source.`,
    );
  }
  await target.query(`alter table ${quoted(table.name)} alter column ${quoted(column)} restart with ${from}`);
}
