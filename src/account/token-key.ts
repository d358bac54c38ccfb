import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';

const SECRET_FILE = 'token-secret';

/**
 * The key that signs access tokens: TOKEN_SECRET, or outside production one that is made at the first start
 * and kept in the data folder, so that tokens outlive a restart there too.
 */
export function loadTokenKey(config: Pick<Config, 'tokenSecret' | 'dataDir'>): Uint8Array {
  if (config.tokenSecret !== undefined) {
    return Buffer.from(config.tokenSecret);
  }
  mkdirSync(config.dataDir, { recursive: true });
  const path = join(config.dataDir, SECRET_FILE);
  try {
    writeFileSync(path, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw error;
    }
  }
  return Buffer.from(readFileSync(path, 'utf8'));
}
