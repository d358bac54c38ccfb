import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { identitiesOf, type IdentityRow } from './identity.service.js';

/** Identities by user. Asked only behind `account`. */
export function identitiesLoader({ em }: Context): DataLoader<string, IdentityRow[]> {
  return batchLoader(em, (ids) => identitiesOf(em, ids));
}
