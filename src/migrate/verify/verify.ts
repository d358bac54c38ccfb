import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../../database/database.js';
import { sqlState } from '../../database/sql-state.js';
import type { MigrationFile } from '../history.js';
import type { Direction } from '../plan.js';
import { send, StatementError, statementsOf } from '../run-step.js';
import { type EmptyTable, fillTables } from './fill.js';
import { compareFingerprints, fingerprint } from './fingerprint.js';
import { mayBeMadeAnew } from './made-anew.js';
import { compareRows, countRows, differingColumns, readRows, type Rows } from './rows.js';
import { collectHints, type Hints } from './values.js';

/** What is wrong with a migration. */
export interface Problem {
  step: 'up' | 'down' | 'up again';
  message: string;
  /** What differs, line by line. */
  details: string[];
}

/** How a migration did. */
export interface Verification {
  name: string;
  ok: boolean;
  /** How many rows there were before it, and in how many tables. */
  rows: number;
  tables: number;
  problems: Problem[];
  /** What was not looked at. */
  notes: string[];
  withoutRows: EmptyTable[];
  /** Whether it is applied in the end, so that the next one can be looked at. */
  applied: boolean;
}

export interface VerifyReport {
  verifications: Verification[];
  /** The migrations that could not be reached because an earlier one failed. */
  notReached: string[];
}

/**
 * Takes migrations up, down and up again, each on the rows of the ones before it and on more of its own making, and
 * compares: after down, schema and rows must be as before; after the second up, as after the first. Not compared are
 * the order of columns, the numbers that sequences stand at, and after the second up the values that it makes anew,
 * such as random ids.
 * @param database empty, and of nobody else
 * @param chosen the names of those that are meant; the others are only applied, with the same rows
 */
export async function verifyMigrations(
  database: Database,
  history: readonly MigrationFile[],
  chosen: ReadonlySet<string>,
): Promise<VerifyReport> {
  const hints = collectHints(history);
  const last = history.findLastIndex(({ name }) => chosen.has(name));
  const verifications: Verification[] = [];
  for (const [index, migration] of history.slice(0, last + 1).entries()) {
    const verification = await new Verifier(database, migration, hints).run(chosen.has(migration.name));
    if (chosen.has(migration.name) || !verification.ok) {
      verifications.push(verification);
    }
    if (!verification.applied) {
      const left = history.slice(index + 1, last + 1).map(({ name }) => name);
      return { verifications, notReached: left.filter((name) => chosen.has(name)) };
    }
  }
  return { verifications, notReached: [] };
}

interface State {
  schema: string[];
  rows: Rows;
}

class Verifier {
  readonly #em: SqlEntityManager;
  readonly #problems: Problem[] = [];
  readonly #notes: string[] = [];

  constructor(
    private readonly database: Database,
    private readonly migration: MigrationFile,
    private readonly hints: Hints,
  ) {
    this.#em = database.orm.em.fork();
  }

  /** @param verified else it is only applied */
  async run(verified: boolean): Promise<Verification> {
    const withoutRows = await fillTables(this.#em, this.hints);
    const before = await this.state();
    const applied = (await this.apply('up', 'up')) && (!verified || (await this.thereAndBack(before)));
    return {
      name: this.migration.name,
      ok: this.#problems.length === 0,
      ...countRows(before.rows),
      problems: this.#problems,
      notes: this.#notes,
      withoutRows,
      applied,
    };
  }

  /** @returns whether the migration is applied in the end */
  private async thereAndBack(before: State): Promise<boolean> {
    if (this.migration.down === undefined) {
      this.report('down', 'There is no way back: add a down().', []);
      return true;
    }
    const after = await this.state();
    if (!(await this.apply('down', 'down'))) {
      return this.migration.transactional;
    }
    const back = await this.state();
    this.expectSame('down', 'the schema is not what it was before', compareFingerprints(before.schema, back.schema));
    this.expectSame('down', 'rows are not what they were before', compareRows(before.rows, back.rows));
    if (!(await this.apply('up again', 'up'))) {
      return false;
    }
    const again = await this.state();
    const anew = differingColumns(after.rows, again.rows, mayBeMadeAnew(this.migration));
    if (anew.length > 0) {
      this.#notes.push(`made anew each time, so not compared after the second up: ${anew.join(', ')}`);
    }
    this.expectSame(
      'up again',
      'the schema is not that of the first time',
      compareFingerprints(after.schema, again.schema),
    );
    this.expectSame(
      'up again',
      'rows are not those of the first time',
      compareRows(after.rows, again.rows, new Set(anew)),
    );
    return true;
  }

  private async state(): Promise<State> {
    return { schema: await fingerprint(this.#em), rows: await readRows(this.#em) };
  }

  private expectSame(step: Problem['step'], message: string, differences: string[]): void {
    if (differences.length > 0) {
      this.report(step, message, differences);
    }
  }

  private report(step: Problem['step'], message: string, details: string[]): void {
    this.#problems.push({ step, message, details });
  }

  /** @returns whether it went through */
  private async apply(step: Problem['step'], direction: Direction): Promise<boolean> {
    const work = async (em: SqlEntityManager): Promise<void> => {
      const { orm } = this.database;
      for (const statement of await statementsOf({ orm, direction }, em, this.migration)) {
        await send(em, this.migration, statement);
      }
    };
    try {
      await (this.migration.transactional ? this.#em.fork().transactional(work) : work(this.#em.fork()));
      return true;
    } catch (error) {
      const sent = error instanceof StatementError ? [`in: ${error.statement.trim()}`] : [];
      this.report(step, error instanceof Error ? error.message : String(error), [...sent, ...hintFor(error)]);
      return false;
    }
  }
}

const NOT_NULL_VIOLATION = '23502';

function hintFor(error: unknown): string[] {
  return sqlState(error) === NOT_NULL_VIOLATION
    ? ['Tables have rows: add the column without NOT NULL, fill it, then set it NOT NULL.']
    : [];
}
