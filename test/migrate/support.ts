import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../../src/database/query.js';

/** Drops whatever a test has made. */
export async function emptyDatabase(em: SqlEntityManager): Promise<void> {
  await query(em, sql`drop schema public cascade`);
  await query(em, sql`create schema public`);
}

/** Inside the checkout, so that what is planted can import MikroORM; and where no tool looks for sources. */
const PARENT = fileURLToPath(new URL('../../dist/planted', import.meta.url));

/** A migration to be planted. */
export interface Planted {
  up: string[];
  /** No way back where left out. */
  down?: string[];
  /** As `isTransactional` answers; true where left out. */
  transactional?: boolean;
  after?: string[];
  order?: string[];
  /** Code at the beginning of `up`, such as `await this.execute('select 1')`. */
  code?: string;
}

export interface MigrationFolder {
  path: string;
  /** Adds a migration, or writes it anew: to be seen by another process, as modules are loaded once. */
  plant(name: string, migration: Planted): void;
  remove(name: string): void;
  delete(): void;
}

/** A folder of migrations by name, e.g. Migration20270101000000_first. */
export function migrationFolder(migrations: Record<string, Planted>): MigrationFolder {
  mkdirSync(PARENT, { recursive: true });
  const path = mkdtempSync(join(PARENT, 'migrations-'));
  const fileOf = (name: string): string => join(path, `${name}.js`);
  const plant = (name: string, migration: Planted): void => writeFileSync(fileOf(name), sourceOf(name, migration));
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }');
  Object.entries(migrations).forEach(([name, migration]) => plant(name, migration));
  return {
    path,
    plant,
    remove: (name) => rmSync(fileOf(name)),
    delete: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** A copy of Laurel's own migrations, as their sources, to which a command may add. */
export function copyOfHistory(): MigrationFolder {
  const folder = migrationFolder({});
  cpSync(new URL('../../migrations', import.meta.url), folder.path, { recursive: true });
  return folder;
}

function sourceOf(name: string, { up, down, transactional = true, after, order, code = '' }: Planted): string {
  const add = (statements: string[]): string =>
    statements.map((statement) => `    this.addSql(${JSON.stringify(statement)});`).join('\n');
  const fixed = (key: string, value: string[] | undefined): string =>
    value === undefined ? '' : `  static ${key} = ${JSON.stringify(value)};\n`;
  return `import { Migration } from '@mikro-orm/migrations';

export class ${name} extends Migration {
${fixed('after', after)}${fixed('order', order)}  isTransactional() {
    return ${transactional};
  }

  async up() {
    ${code}
${add(up)}
  }
${down === undefined ? '' : `\n  async down() {\n${add(down)}\n  }\n`}}
`;
}
