import { UsageError } from '../migrate/errors.js';
import { MAX_SAMPLES } from './finding.js';
import { quoted } from './identifier.js';
import type { Kind } from './policy.js';
import type { Problems } from './problems.js';
import type { Rejects } from './rejects.js';
import type { Table } from './table.js';
import type { Target } from './target.js';

/** Something that can be wrong with rows of a table that have arrived, found by the database. */
export interface StagedCheck {
  kind: Kind;
  /** Where they are: a staging table, or a table made for them. */
  table: Table;
  /** The source's name of the table. */
  sourceName: string;
  /** Null where it is the row as a whole. */
  column: string | null;
  /** `select ctid from …`: the rows in question. */
  rows: string;
  /** For each repair of the kind, statements that make it; the rows' ctids are in the table laurel_found, as `row`. */
  repairs: Readonly<Record<string, readonly string[]>>;
}

/**
 * Looks for rows in which something is wrong, notes them, and does with them what the policy of the kind says. Where
 * the policy is to fail, they stay: the run ends after all checks have been made.
 * @returns how many there are
 */
export async function runStagedCheck(
  target: Target,
  problems: Problems,
  rejects: Rejects,
  check: StagedCheck,
): Promise<number> {
  await target.query(
    `create temporary table laurel_found on commit drop as select distinct f.row from (${check.rows}) f (row)`,
  );
  const [{ rows }] = (await target.query<{ rows: number }>('select count(*)::integer as rows from laurel_found')) as [
    { rows: number },
  ];
  if (rows > 0) {
    await settle(target, problems, rejects, check, rows);
  }
  await target.query('drop table laurel_found');
  return rows;
}

async function settle(
  target: Target,
  problems: Problems,
  rejects: Rejects,
  check: StagedCheck,
  rows: number,
): Promise<void> {
  const { kind, table, sourceName, column, repairs } = check;
  const samples = await samplesOf(target, table);
  const policy = problems.found({ kind, table: sourceName, column, rows, samples });
  if (policy === 'fail') {
    await rejects.copyStaged(target, check);
    return;
  }
  if (policy === 'reject') {
    await rejects.takeStaged(target, check);
    problems.rejected(sourceName, rows);
    return;
  }
  const statements = repairs[policy];
  if (statements === undefined) {
    const where = column === null ? sourceName : `${sourceName}.${column}`;
    throw new UsageError(
      `The policy ${policy} for ${kind} cannot be had for ${where} (${samples.join('; ')}). Nothing was changed. ` +
        `Choose fail or reject for ${kind}.`,
    );
  }
  for (const statement of statements) {
    await target.query(statement);
  }
}

async function samplesOf(target: Target, table: Table): Promise<string[]> {
  const key = table.primaryKey.length > 0 ? table.primaryKey : table.columns.slice(0, 1).map(({ name }) => name);
  const text = key.map((name) => `${quoted(name)}::text`);
  const found = await target.query<{ key: string }>(
    `select concat_ws(', ', ${text.join(', ')}) as key from ${quoted(table.name)}
      where ctid in (select row from laurel_found) order by ${key.map(quoted).join(', ')} limit ${MAX_SAMPLES}`,
  );
  return found.map((row) => `${key.join(', ')} ${row.key}`);
}
