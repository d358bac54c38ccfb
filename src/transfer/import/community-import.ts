import { checkCommunity } from '../community/check-community.js';
import { convertCommunity } from '../community/convert.js';
import { refuseUnlessFirst } from '../community/locks.js';
import type { CommunityOptions } from '../community/options.js';
import { notesOf } from '../community/notes.js';
import { FILLED, reconcileCommunity } from '../community/reconcile.js';
import { recogniseCommunity } from '../community/shape.js';
import type { CommunitySource } from '../community/source.js';
import type { Mover } from './run.js';
import { serviceImport } from './service-import.js';

/** Moves an export of the community into Laurel's tables. */
export function communityImport(source: CommunitySource, options: CommunityOptions): Mover {
  const shape = recogniseCommunity(source.tables);
  return serviceImport(
    source,
    shape,
    {
      mode: 'community',
      called: 'community',
      filled: FILLED,
      prepare: async (target) => {
        if (options.merge === undefined) {
          await refuseUnlessFirst(target);
        }
      },
      check: (target, _timeZone, run) => checkCommunity(target, shape, options, run),
      write: async (target) => {
        const counts = await convertCommunity(target, shape, options);
        const reconciliation = await reconcileCommunity(target, shape, counts);
        return { ...reconciliation, sequences: [], notes: await notesOf(target, shape) };
      },
    },
    source.notCarried,
  );
}
