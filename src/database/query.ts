import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { countUse } from './prepared-statements.js';
import { onDatabaseOf } from './replica-reads.js';
import { roundsOf } from './rounds.js';

export { sql } from 'kysely';

/**
 * Runs one parameterised statement inside the EntityManager's transaction, if it is in one; where a read replica
 * fails it, on the primary.
 * Dates, instants and bigint come back as text (see embedded-parsers.ts), on both databases.
 */
export async function query<Row>(em: SqlEntityManager, statement: RawBuilder<Row>): Promise<Row[]> {
  const compiled = statement.compile(em.getKysely());
  countUse(compiled.sql);
  const { rows } = await roundsOf(em).during(() =>
    onDatabaseOf(em, (chosen) => chosen.getKysely().executeQuery(compiled)),
  );
  return rows;
}

/** As `query`, for a statement that answers at most one row. */
export async function queryOne<Row>(em: SqlEntityManager, statement: RawBuilder<Row>): Promise<Row | undefined> {
  const rows = await query(em, statement);
  return rows[0];
}

/** As `query`, for a statement that always answers one row. */
export async function queryExactlyOne<Row>(em: SqlEntityManager, statement: RawBuilder<Row>): Promise<Row> {
  const row = await queryOne(em, statement);
  if (row === undefined) {
    throw new Error('A statement that always answers a row answered none.');
  }
  return row;
}
