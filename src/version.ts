import { readFileSync } from 'node:fs';

/** Laurel's own, from package.json, which lies two levels above in the build and one in the sources. */
export const VERSION = readVersion(['../package.json', '../../package.json']);

function readVersion([first, ...others]: string[]): string {
  const file = new URL(first!, import.meta.url);
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    if (name === 'laurel' && version !== undefined) {
      return version;
    }
  } catch (error) {
    if (others.length === 0) {
      throw error;
    }
  }
  return readVersion(others);
}
