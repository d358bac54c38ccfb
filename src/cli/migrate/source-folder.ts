import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../migrate/errors.js';

/**
 * Where new migrations are written: the sources, not what was built of them.
 * @param folder as the operator gave it; else `migrations` where the command was started
 * @throws UsageError where it is not there
 */
export function sourceFolder(folder: string | undefined): string {
  const path = resolve(folder ?? 'migrations');
  if (!existsSync(path)) {
    throw new UsageError(`There is no folder ${path}. Start this in a checkout of Laurel, or name it: --folder`);
  }
  return path;
}
