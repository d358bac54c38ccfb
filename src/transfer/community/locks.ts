import { TransferError } from '../errors.js';
import type { Target } from '../target.js';

/**
 * Keeps what people write of themselves and in posts out until the transaction ends; reads go on. In the order in which
 * the server comes to these tables.
 */
export async function lockCommunity(target: Target): Promise<void> {
  // Beside this one no row of users can be locked, as for a foreign key.
  await target.query('lock table users in exclusive mode');
  await target.query('lock table identities, posts, refused_tokens in share row exclusive mode');
}

/** @throws TransferError where an export was moved already */
export async function refuseUnlessFirst(target: Target): Promise<void> {
  const [found] = await target.query<{ posts: boolean; tokens: boolean }>(
    `select exists (select from posts where legacy_id is not null) as posts, exists (select from refused_tokens) as tokens`,
  );
  if (found!.posts || found!.tokens) {
    const what = [found!.posts ? 'posts' : '', found!.tokens ? 'refused tokens' : ''].filter((name) => name !== '');
    throw new TransferError(
      `An export of the community was moved here before: there are ${what.join(' and ')} of one. Nothing was changed. Add --merge newer or --merge fail to merge this one into it.`,
    );
  }
}
