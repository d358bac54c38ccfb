import { PGlite } from '@electric-sql/pglite';
import { EmbeddedTarget } from '../../src/transfer/embedded-target.js';
import { type Kind, KINDS, type Policies, type Policy } from '../../src/transfer/policy.js';
import { SESSION_SETTINGS } from '../../src/transfer/session-settings.js';
import type { Target } from '../../src/transfer/target.js';
import { emptyDump } from '../support/dump.js';

/** An empty embedded database in memory, as rows are moved into it. */
export async function openEmptyTarget(): Promise<Target> {
  const target = new EmbeddedTarget(await PGlite.create({ loadDataDir: emptyDump() }));
  for (const setting of SESSION_SETTINGS) {
    await target.query(setting);
  }
  return target;
}

/** `fail` for every kind, but for those given. */
export function policies(given: Partial<Record<Kind, Policy>> = {}): Policies {
  const all = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 'fail'])) as Record<Kind, Policy>;
  return { ...all, ...given };
}
