import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MigrationError } from './errors.js';

const decision = z.object({
  /** Names of migrations of different branches, in the order in which they are applied. */
  order: z.array(z.string()).min(2),
  reason: z.string(),
  decidedAt: z.iso.datetime(),
});

/** How branches were put in order by `laurel migrate merge`. */
export type Decision = z.infer<typeof decision>;

const FILE = 'merges.json';

/** @throws MigrationError where the file is not what `merge` writes */
export function readDecisions(folder: string): Decision[] {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    return [];
  }
  try {
    return z.array(decision).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new MigrationError(`${path} cannot be read: ${String(error)}`);
  }
}

/** Adds a decision to those of the folder. @returns the file's path */
export function recordDecision(folder: string, made: Decision): string {
  const path = join(folder, FILE);
  writeFileSync(path, `${JSON.stringify([...readDecisions(folder), made], undefined, 2)}\n`);
  return path;
}
