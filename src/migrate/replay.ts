import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Orm } from '../database/database.js';
import { type Entities, openInMemory } from '../database/in-memory.js';
import { MigrationError } from './errors.js';
import type { MigrationFile } from './history.js';
import { send, StatementError, statementsOf } from './run-step.js';

/** A database in memory, empty at first, to which migrations are applied to see what they make. */
export interface Replay {
  orm: Orm;
  /** @throws MigrationError where one of them fails */
  apply: (migrations: readonly MigrationFile[]) => Promise<void>;
}

/**
 * Has `work` look at what migrations make, without the database of the settings.
 * @param entities what MikroORM is to know; Laurel's where left out
 */
export async function withReplay<T>(work: (replay: Replay) => Promise<T>, entities?: Entities): Promise<T> {
  const database = await openInMemory(entities);
  try {
    return await work({ orm: database.orm, apply: (migrations) => applyAll(database.orm, migrations) });
  } finally {
    await database.close();
  }
}

async function applyAll(orm: Orm, migrations: readonly MigrationFile[]): Promise<void> {
  for (const migration of migrations) {
    const work = (em: SqlEntityManager): Promise<void> => applyOne(orm, em, migration);
    const em = orm.em.fork();
    await (migration.transactional ? em.transactional(work) : work(em));
  }
}

async function applyOne(orm: Orm, em: SqlEntityManager, migration: MigrationFile): Promise<void> {
  try {
    for (const statement of await statementsOf({ orm, direction: 'up' }, em, migration)) {
      await send(em, migration, statement);
    }
  } catch (error) {
    if (error instanceof StatementError) {
      throw new MigrationError(
        `${migration.name} fails on an empty database, in memory: ${error.message}\nIn: ${error.statement.trim()}`,
        { cause: error },
      );
    }
    throw error;
  }
}
