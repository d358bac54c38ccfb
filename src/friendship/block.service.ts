import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryOne, sql } from '../database/query.js';
import type { FriendshipPayload, FriendshipRow } from './friendship.type.js';
import { changePair, friendshipColumns, isOfPair } from './pair.js';

/**
 * Blocks a user; blocked already, changes nothing. Ends the friendship and cancels the viewer's request. The
 * other's request stays, hidden from the viewer, so that the other cannot tell.
 * @throws AppError BAD_USER_INPUT for the viewer's own id; NOT_FOUND
 */
export async function blockUser(em: SqlEntityManager, viewerId: string, userId: string): Promise<FriendshipPayload> {
  return changePair(em, viewerId, userId, null, async (transaction, pair) => {
    await query(
      transaction,
      sql`with ended as (
          delete from friendships f
          where ${isOfPair(pair)} and (f.status = 'accepted' or (f.status = 'pending' and f.requester_id = ${viewerId}))
        )
        insert into blocks (blocker_id, blocked_id, created_at)
        values (${viewerId}, ${pair.otherId}, statement_timestamp())
        on conflict do nothing`,
    );
    return null;
  });
}

/**
 * Takes the viewer's block away; where there is none, changes nothing. A request that was hidden shows again.
 * @throws AppError BAD_USER_INPUT for the viewer's own id; NOT_FOUND
 */
export async function unblockUser(em: SqlEntityManager, viewerId: string, userId: string): Promise<FriendshipPayload> {
  return changePair(em, viewerId, userId, null, async (transaction, pair) => {
    const standing = await queryOne(
      transaction,
      sql<FriendshipRow>`with unblocked as (
          delete from blocks where blocker_id = ${viewerId} and blocked_id = ${pair.otherId}
        )
        select ${friendshipColumns} from friendships f where ${isOfPair(pair)} and f.status <> 'rejected'`,
    );
    return standing ?? null;
  });
}
