import { join } from 'node:path';

/** Laurel's checkout, which this folder is part of. */
export const ROOT = join(import.meta.dirname, '..');

/** What signs the access tokens of the run. */
export const TOKEN_SECRET = 'only for measuring, and as long as it must be';

/** Laurel's built command line with these arguments. */
export function laurelCommand(...args) {
  return { command: process.execPath, args: [join(ROOT, 'dist/src/cli/main.js'), ...args] };
}

/** The settings under which Laurel is measured: production, with a pool as large as the peers'. */
export function laurelSettings(url, port) {
  return {
    NODE_ENV: 'production',
    DATABASE_URL: url,
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    TOKEN_SECRET,
    LOG_LEVEL: 'warn',
    HOST: '127.0.0.1',
    PORT: String(port),
  };
}

/** Database connections of every server measured. */
export const POOL_SIZE = 10;
