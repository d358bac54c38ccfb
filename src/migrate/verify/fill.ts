import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { query, queryExactlyOne, sql } from '../../database/query.js';
import { sqlState, violatedCheck } from '../../database/sql-state.js';
import { type Column, type ForeignKey, parentsFirst, readTables, referencesOf, type Table } from './tables.js';
import { candidates, DEFAULT, type Hints, isSparse, NEXT, type Value } from './values.js';

/** A table in which no row could be made, and why. */
export interface EmptyTable {
  table: string;
  reason: string;
}

const ROWS = 4;

/** Rows are tried in so many ways before they are given up. */
const ATTEMPTS = 120;

/**
 * Makes rows, the same ones at each call on the same schema, in every table that has none or that has a column without
 * a value: such that fulfil the table's constraints, found by trying values. Runs outside a transaction, so that a row
 * that is refused leaves nothing behind.
 * @returns the tables that stay without rows
 */
export async function fillTables(em: SqlEntityManager, hints: Hints): Promise<EmptyTable[]> {
  const tables = await readTables(em);
  const empty: EmptyTable[] = [];
  for (const table of parentsFirst(tables)) {
    const { rows, complete } = await look(em, table);
    if (rows > 0 && complete) {
      continue;
    }
    const references = referencesOf(table, tables);
    let made = 0;
    let reason = '';
    for (let seed = rows + 1; seed <= rows + ROWS; seed += 1) {
      const refusal = await makeRow(em, table, references, seed, hints);
      made += refusal === undefined ? 1 : 0;
      reason = refusal ?? reason;
    }
    if (rows + made === 0) {
      empty.push({ table: table.name, reason });
    }
  }
  return empty;
}

/** How many rows a table has, and whether each column has a value in one of them. */
async function look(em: SqlEntityManager, { name, columns }: Table): Promise<{ rows: number; complete: boolean }> {
  const counts = columns.map((column) => sql`count(${sql.ref(column.name)})`);
  const { rows, least } = await queryExactlyOne(
    em,
    sql<{ rows: number; least: number }>`select count(*)::int as rows,
      coalesce(least(${counts.length === 0 ? sql`1` : sql.join(counts)}), 0)::int as least from ${sql.raw(name)}`,
  );
  return { rows, complete: least > 0 };
}

/** @returns why there is no such row, or undefined where there is one now */
async function makeRow(
  em: SqlEntityManager,
  table: Table,
  references: readonly ForeignKey[],
  seed: number,
  hints: Hints,
): Promise<string | undefined> {
  const choice = new Choice(table, await readParents(em, references), seed, hints);
  let reason = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      await insert(em, table, choice.row());
      return undefined;
    } catch (error) {
      if (sqlState(error) === undefined) {
        throw error;
      }
      reason = error instanceof Error ? error.message : String(error);
      const check = table.checks.find(({ name }) => name === violatedCheck(error));
      choice.next(check?.columns);
    }
  }
  return reason;
}

interface Parent {
  reference: ForeignKey;
  /** What the referenced columns have, of each row. */
  rows: string[][];
}

async function readParents(em: SqlEntityManager, references: readonly ForeignKey[]): Promise<Parent[]> {
  const parents: Parent[] = [];
  for (const reference of references) {
    const texts = reference.referenced.map((column) => sql`${sql.ref(column)}::text`);
    const rows = await query(
      em,
      sql<{ row: (string | null)[] }>`select to_jsonb(array[${sql.join(texts)}]) as row from ${sql.raw(reference.table)}
        order by 1 limit 50`,
    );
    parents.push({ reference, rows: rows.map(({ row }) => row).filter((row) => !row.includes(null)) as string[][] });
  }
  return parents;
}

/** Walks through the values that a row can have. */
class Choice {
  #lists = new Map<string, Value[]>();
  #places = new Map<string, number>();
  #round = 0;

  constructor(
    private readonly table: Table,
    private readonly parents: readonly Parent[],
    private readonly seed: number,
    private readonly hints: Hints,
  ) {
    this.draw();
  }

  row(): Map<string, Value> {
    return new Map(
      [...this.#lists].map(([name, list]) => [name, list[(this.#places.get(name) ?? 0) % list.length] ?? null]),
    );
  }

  /** @param columns those that are to change, counted through like the digits of a number; all where left out */
  next(columns: readonly string[] | undefined): void {
    const digits = (columns ?? []).filter((name) => this.#lists.has(name));
    for (const name of digits) {
      const place = (this.#places.get(name) ?? 0) + 1;
      this.#places.set(name, place);
      if (place % this.#lists.get(name)!.length !== 0) {
        return;
      }
    }
    this.#round += 1;
    this.draw();
  }

  private draw(): void {
    const seed = this.seed + this.#round * 2 * ROWS;
    for (const column of this.table.columns) {
      this.#lists.set(column.name, candidates(this.table, column, seed, this.hints));
    }
    this.parents.forEach(({ reference, rows }, index) => {
      const first = this.firstParent(index, seed);
      reference.columns.forEach((name, part) => {
        const own = this.#lists.get(name)!;
        const nothing = own.filter((value) => value === null);
        if (rows.length === 0) {
          this.#lists.set(name, nothing.length > 0 ? nothing : own);
          return;
        }
        const values = rows.map((_row, offset) => rows[(first + offset) % rows.length]![part]!);
        this.#lists.set(name, own[0] === null ? [...nothing, ...values] : [...values, ...nothing]);
      });
    });
  }

  /** Two references of a row begin with different rows, and every other row has them the other way round. */
  private firstParent(index: number, seed: number): number {
    const turned = isSparse(seed);
    const place = turned ? this.parents.length - 1 - index : index;
    return (turned ? seed - 1 : seed) + place * (1 + this.#round) + this.#round;
  }
}

async function insert(em: SqlEntityManager, { name, columns }: Table, row: Map<string, Value>): Promise<void> {
  if (columns.length === 0) {
    await query(em, sql`insert into ${sql.raw(name)} default values`);
    return;
  }
  const values = columns.map((column) => toSql(column, row.get(column.name) ?? null));
  const names = columns.map((column) => sql.ref(column.name));
  await query(em, sql`insert into ${sql.raw(name)} (${sql.join(names)}) values (${sql.join(values)})`);
}

function toSql({ type, next }: Column, value: Value): RawBuilder<unknown> {
  if (value === DEFAULT) {
    return sql`default`;
  }
  return value === NEXT ? sql.raw(next!) : sql`${value}::text::${sql.raw(type)}`;
}
