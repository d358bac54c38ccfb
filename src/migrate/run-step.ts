import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { MigrationError } from './errors.js';
import type { MigrationFile } from './history.js';
import { type AppliedMigration, eraseApplied, readLedger, recordApplied } from './ledger.js';
import { type Plan, planDowngrade, planUpgrade } from './plan.js';
import { parseSql } from './parsed-sql.js';
import type { Run } from './run-options.js';

/** What is left of the plan, by the database's word under the lock. */
export async function outstanding(
  run: Run,
  em: SqlEntityManager,
  wanted: string[] | undefined,
): Promise<{ migrations: MigrationFile[]; all: string[] }> {
  const ledger = await readLedger(em);
  const all = wanted ?? agreedPlan(run, ledger).migrations.map(({ name }) => name);
  const applied = new Set(ledger.map(({ name }) => name));
  const left = all.filter((name) => applied.has(name) === (run.direction === 'down'));
  return { migrations: left.map((name) => run.history.find((migration) => migration.name === name)!), all };
}

function agreedPlan({ direction, history, target, options }: Run, ledger: AppliedMigration[]): Plan {
  const plan = (direction === 'up' ? planUpgrade : planDowngrade)(history, ledger, target);
  const { agreed } = options;
  if (agreed !== undefined && plan.migrations.some(({ name }) => !agreed.includes(name))) {
    throw new MigrationError(
      'Another run has changed the database since the plan was shown. Nothing was run. Look again.',
    );
  }
  return plan;
}

export async function setTimeouts(
  em: SqlEntityManager,
  scope: 'local' | 'session',
  lock: number,
  statement: number,
): Promise<void> {
  const set = sql.raw(`set ${scope}`);
  await query(em, sql`${set} lock_timeout = ${sql.lit(lock)}`);
  await query(em, sql`${set} statement_timeout = ${sql.lit(statement)}`);
}

/** What a migration has to send; one that looks at data in code does so now. */
export async function statementsOf(
  { orm, direction }: Pick<Run, 'orm' | 'direction'>,
  em: SqlEntityManager,
  migration: MigrationFile,
): Promise<string[]> {
  const known = migration[direction];
  if (Array.isArray(known)) {
    await refuseTransactions(migration, known);
    return known;
  }
  const instance = migration.create(orm);
  instance.setTransactionContext(em.getTransactionContext());
  await instance[direction]();
  const statements = instance.getQueries().map(String);
  await refuseTransactions(migration, statements);
  return statements;
}

/** A COMMIT of its own would end the transaction that the run, or the dry run, takes back where something fails. */
async function refuseTransactions(migration: MigrationFile, statements: readonly string[]): Promise<void> {
  for (const statement of migration.transactional ? statements : []) {
    const parsed = await parseSql(statement);
    if (parsed.some(({ node }) => 'TransactionStmt' in node)) {
      throw new MigrationError(
        `${migration.name} begins or ends a transaction itself: ${statement.trim()}. Nothing of it was run.\nLeave that to the run; or have \`isTransactional\` answer false.`,
      );
    }
  }
}

/** @returns milliseconds */
export async function send(em: SqlEntityManager, migration: MigrationFile, statement: string): Promise<number> {
  const before = performance.now();
  try {
    await em.getDriver().execute(statement, undefined, 'all', em.getTransactionContext());
  } catch (error) {
    throw new StatementError(migration, statement, error);
  }
  return performance.now() - before;
}

/** A statement failed; the transaction that it was in is rolled back. */
export class StatementError extends Error {
  constructor(
    readonly migration: MigrationFile,
    readonly statement: string,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

export async function note({ direction }: Run, em: SqlEntityManager, migration: MigrationFile): Promise<void> {
  if (direction === 'up') {
    await recordApplied(em, migration);
  } else {
    await eraseApplied(em, migration.name);
  }
}
