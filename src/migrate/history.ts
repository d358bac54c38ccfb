import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRaw } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';
import { MIGRATIONS } from '../database/options.js';
import type { Orm } from '../database/database.js';
import { MigrationError } from './errors.js';
import { inOrder, type Placed } from './order.js';

/** A migration of this build. */
export interface MigrationFile extends Placed {
  /** As MikroORM stores it: the file's name without its extension. */
  name: string;
  /** The time in the name, e.g. 20260205193000. */
  stamp: string;
  /** The words in the name, e.g. `game_service_tables`. */
  title: string;
  path: string;
  /** False for what PostgreSQL refuses inside a transaction, such as a concurrent index build. */
  transactional: boolean;
  /** Of the statements, as 64 hexadecimal digits: formatting and comments do not count, the way it was built neither. */
  checksum: string;
  /** Null where the file looks at data in code: then nobody knows its statements before it runs. */
  up: string[] | null;
  /** Likewise; undefined where there is no way back. */
  down: string[] | null | undefined;
  /** @returns a migration to be run */
  create(orm: Orm): Migration;
}

/** In the class, `static after` and `static order` say what Placed has. */
type MigrationClass = new (driver: unknown, config: unknown) => Migration;

const FILE = /^Migration(\d{14})(?:_(\w+))?\.(js|ts)$/;

/**
 * All migrations in a folder, in the order in which they are applied: by the time in their names, unless
 * they say otherwise.
 * @throws MigrationError for a file that is no migration
 */
export function loadHistory(folder: string = MIGRATIONS): Promise<MigrationFile[]> {
  if (folder !== MIGRATIONS) {
    return readHistory(folder);
  }
  // A running build's own do not change, and each health check asks for them.
  own ??= readHistory(folder);
  return own;
}

let own: Promise<MigrationFile[]> | undefined;

async function readHistory(folder: string): Promise<MigrationFile[]> {
  const files = readdirSync(folder).filter((file) => FILE.test(file));
  return inOrder(await Promise.all(files.map((file) => loadFile(join(folder, file)))));
}

async function loadFile(path: string): Promise<MigrationFile> {
  const name = basename(path, extname(path));
  const [, stamp = '', title = ''] = FILE.exec(basename(path)) ?? [];
  const migration = await importClass(path);
  const transactional = instantiate(migration).isTransactional();
  const up = await statementsOf(migration, 'up', path);
  const hasDown = migration.prototype.down !== Migration.prototype.down;
  const down = hasDown ? await statementsOf(migration, 'down', path) : undefined;
  const { after, order } = migration as { after?: string | string[]; order?: string[] };
  return {
    name,
    stamp,
    title,
    path,
    transactional,
    checksum: checksumOf(
      up === null || down === null ? migration.toString() : JSON.stringify([transactional, up, down]),
    ),
    up,
    down,
    after: typeof after === 'string' ? [after] : after,
    order,
    create: (orm) => new migration(orm.em.getDriver(), orm.config),
  };
}

async function importClass(path: string): Promise<MigrationClass> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const found = Object.values(module).find(isMigrationClass);
  if (found === undefined) {
    throw new MigrationError(
      `${path} has no migration: export a class that extends Migration of @mikro-orm/migrations.`,
    );
  }
  return found;
}

function isMigrationClass(value: unknown): value is MigrationClass {
  return typeof value === 'function' && value.prototype instanceof Migration;
}

/** A migration without a database: whatever it asks of one, it cannot be known in advance. */
function instantiate(migration: MigrationClass): Migration {
  return new migration(NO_DATABASE, NO_DATABASE);
}

class LooksAtDataError extends Error {}

const NO_DATABASE = new Proxy(
  {},
  {
    get() {
      throw new LooksAtDataError();
    },
  },
);

/** @returns null where it looks at data in code */
async function statementsOf(
  migration: MigrationClass,
  direction: 'up' | 'down',
  path: string,
): Promise<string[] | null> {
  const instance = instantiate(migration);
  try {
    await instance[direction]();
  } catch (error) {
    if (error instanceof LooksAtDataError) {
      return null;
    }
    throw new MigrationError(`${path} fails before it sends anything: ${String(error)}`);
  }
  return instance.getQueries().map((statement) => textOf(statement, path));
}

/** @throws MigrationError for a statement that is not plain text */
function textOf(statement: unknown, path: string): string {
  if (typeof statement === 'string') {
    return statement;
  }
  if (isRaw(statement) && statement.params.length === 0) {
    return statement.sql;
  }
  throw new MigrationError(`${path} adds a statement with parameters: write their values into its text.`);
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
