import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

/** An embedded database with nothing in it: to make one takes ten times as long as to open one. */
export function emptyDump(): Blob {
  return dumpIn('LAUREL_TEST_EMPTY_DUMP');
}

/** An embedded database with Laurel's tables, which are empty. */
export function migratedDump(): Blob {
  return dumpIn('LAUREL_TEST_DUMP');
}

function dumpIn(setting: string): Blob {
  return new Blob([new Uint8Array(readFileSync(process.env[setting]!))]);
}

/** From now on, databases in memory that this file has opened begin as copies of an empty one, instead of being made. */
export function openCopies(): void {
  const create = PGlite.create.bind(PGlite);
  PGlite.create = ((options: object) => create({ loadDataDir: emptyDump(), ...options })) as typeof PGlite.create;
}
