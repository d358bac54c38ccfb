import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRaw } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';
import { MIGRATIONS } from '../database/options.js';
import type { Orm } from '../database/database.js';
import { MigrationError, UsageError } from './errors.js';
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
  /**
   * Of the statements, as 64 hexadecimal digits: formatting and comments do not count, the way it was built neither.
   * Null where they are not known.
   */
  checksum: string | null;
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

/** Whatever begins like a migration, but for the declarations of a build. */
const MEANT_AS_MIGRATION = /^Migration.*(?<!\.d)\.(js|ts)$/;

/**
 * All migrations in a folder, in the order in which they are applied: by the time in their names, unless
 * they say otherwise.
 * @throws UsageError for a folder that is not there, or has none
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
  const history = await loadHistoryToExtend(folder);
  if (history.length === 0) {
    throw new UsageError(`${folder} has no migrations. Nothing was run. Name their folder: --folder`);
  }
  return history;
}

/** As loadHistory, of a folder that is about to get its first migration, or another one: it may have none. */
export async function loadHistoryToExtend(folder: string): Promise<MigrationFile[]> {
  return inOrder(await Promise.all(migrationFiles(folder).map((file) => loadFile(join(folder, file)))));
}

function migrationFiles(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`There is no folder ${folder}. Nothing was run. Name that of the migrations: --folder`);
  }
  const files = readdirSync(folder).filter((file) => MEANT_AS_MIGRATION.test(file));
  const misnamed = files.filter((file) => !FILE.test(file));
  if (misnamed.length > 0) {
    throw new MigrationError(
      `${folder} has files whose names are no migration's: ${misnamed.join(', ')}.\nName them MigrationYYYYMMDDHHMMSS_words, or remove them.`,
    );
  }
  const twice = files.filter((file) => file.endsWith('.js') && files.includes(file.replace(/js$/, 'ts')));
  if (twice.length > 0) {
    throw new MigrationError(
      `${folder} has a migration twice, as its source and as what was built of it: ${twice.join(', ')}.\nRemove one of the two.`,
    );
  }
  return files;
}

async function loadFile(path: string): Promise<MigrationFile> {
  const name = basename(path, extname(path));
  const [, stamp = '', title = ''] = FILE.exec(basename(path)) ?? [];
  const migration = await importClass(path);
  const transactional = new migration(noDatabase(), noDatabase()).isTransactional();
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
    checksum: up === null || down === null ? null : checksumOf(JSON.stringify([transactional, up, down])),
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

/**
 * Stands in for a database: what a migration asks of one cannot be known in advance.
 * @param onUse called whenever it is asked for something
 */
function noDatabase(onUse?: () => void): unknown {
  return new Proxy(
    {},
    {
      get() {
        onUse?.();
        throw new Error('There is no database yet.');
      },
    },
  );
}

/** @returns null where it looks at data in code */
async function statementsOf(
  migration: MigrationClass,
  direction: 'up' | 'down',
  path: string,
): Promise<string[] | null> {
  let looksAtData = false;
  const database = noDatabase(() => (looksAtData = true));
  const instance = new migration(database, database);
  try {
    await instance[direction]();
  } catch (error) {
    if (!looksAtData) {
      throw new MigrationError(`${path} fails before it sends anything: ${String(error)}`);
    }
  }
  // Its code may have caught what a database would not have failed with, and have gone on from there.
  if (looksAtData) {
    return null;
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
