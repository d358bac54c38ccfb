import { readFileSync } from 'node:fs';

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
