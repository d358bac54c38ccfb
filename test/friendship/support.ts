import { query, sql } from '../../src/database/query.js';
import type { Answer, Player, TestServer } from '../support/server.js';

export const MUTATIONS = [
  'requestFriendship',
  'acceptFriendship',
  'rejectFriendship',
  'removeFriendship',
  'blockUser',
  'unblockUser',
] as const;

export type MutationName = (typeof MUTATIONS)[number];

/** A friendship row as the database holds it. */
export interface StoredFriendship {
  id: string;
  requesterId: string;
  receiverId: string;
  status: string;
  createdAt: string;
  respondedAt: string | null;
}

/** What the six mutations answer, as far as these tests select it. */
export interface Payload {
  user: { id: string; viewerFriendship: string };
  friendship: {
    id: string;
    status: string;
    createdAt: string;
    respondedAt: string | null;
    requester: { id: string };
    receiver: { id: string };
  } | null;
  viewer: { id: string; viewerFriendship: string };
}

/** The code and reason of an answer's error, or what stands in its payload. */
export interface Outcome {
  error: string | null;
  payload: Payload | null;
  extensions: Record<string, unknown>;
}

/** Calls one of the six mutations on `target`. */
export async function act(
  server: TestServer,
  mutation: MutationName,
  target: string,
  as: Player | 'service' | null,
): Promise<Outcome> {
  const { data, errors } = await server.graphql<Record<MutationName, Payload | null> | null>(
    `mutation ($id: ID!) {
      ${mutation}(userId: $id) {
        user { id viewerFriendship }
        friendship { id status createdAt respondedAt requester { id } receiver { id } }
        viewer { id viewerFriendship }
      }
    }`,
    { id: target },
    as,
  );
  const extensions = errors?.[0]?.extensions ?? {};
  return {
    error: errors === undefined ? null : [extensions['code'], extensions['reason']].filter(Boolean).join(' '),
    payload: data?.[mutation] ?? null,
    extensions,
  };
}

/** How `viewer` stands to `user`, as the API tells it. */
export async function standingTo(server: TestServer, viewer: Player, user: Player): Promise<string> {
  const { data } = await server.graphql(
    'query ($id: ID!) { user(id: $id) { viewerFriendship } }',
    { id: user.id },
    viewer,
  );
  return data.user.viewerFriendship;
}

/** Ids of the requests of a user, with the total, in one direction. */
export async function requestsOf(
  server: TestServer,
  viewer: Player,
  direction: 'INCOMING' | 'OUTGOING',
): Promise<{ total: number; users: string[] }> {
  const { data } = await server.graphql(
    `query ($direction: FriendRequestDirection!) {
      viewer { account { friendRequests(direction: $direction) { totalCount nodes { requester { id } receiver { id } } } } }
    }`,
    { direction },
    viewer,
  );
  const { totalCount, nodes } = data.viewer.account.friendRequests;
  return {
    total: totalCount,
    users: nodes.map((node: { requester: { id: string }; receiver: { id: string } }) =>
      direction === 'INCOMING' ? node.requester.id : node.receiver.id,
    ),
  };
}

/** The rows between two users: one at most, or the schema has failed. */
export function storedFriendships(server: TestServer, one: Player, other: Player): Promise<StoredFriendship[]> {
  return query(
    server.database.orm.em.fork(),
    sql<StoredFriendship>`select id, requester_id as "requesterId", receiver_id as "receiverId", status,
        created_at as "createdAt", responded_at as "respondedAt"
      from friendships where ${one.id} in (requester_id, receiver_id) and ${other.id} in (requester_id, receiver_id)`,
  );
}

/** Who blocks whom of two users, as ids of the blockers. */
export async function storedBlockers(server: TestServer, one: Player, other: Player): Promise<string[]> {
  const rows = await query(
    server.database.orm.em.fork(),
    sql<{ blockerId: string }>`select blocker_id as "blockerId" from blocks
      where (blocker_id = ${one.id} and blocked_id = ${other.id}) or (blocker_id = ${other.id} and blocked_id = ${one.id})`,
  );
  return rows.map((row) => row.blockerId);
}

/** Forgets all that stands between any users. */
export async function clearFriendships(server: TestServer): Promise<void> {
  const em = server.database.orm.em.fork();
  await query(em, sql`delete from friendships`);
  await query(em, sql`delete from blocks`);
}

/** Stores a friendship that was asked for `hoursAgo` hours ago, and answered an hour later unless it is pending. */
export async function storeFriendship(
  server: TestServer,
  requester: Player,
  receiver: Player,
  status: 'pending' | 'accepted' | 'rejected',
  hoursAgo = 3,
): Promise<void> {
  const respondedAt = status === 'pending' ? sql`null` : sql`now() - make_interval(hours => ${hoursAgo - 1})`;
  await query(
    server.database.orm.em.fork(),
    sql`insert into friendships (id, requester_id, receiver_id, status, created_at, responded_at)
      values (gen_random_uuid(), ${requester.id}, ${receiver.id}, ${status},
        now() - make_interval(hours => ${hoursAgo}), ${respondedAt})`,
  );
}

/** Marks a user as deleted, or restores them, as an operator would. */
export async function setDeleted(server: TestServer, player: Player, deleted: boolean): Promise<void> {
  await query(
    server.database.orm.em.fork(),
    sql`update users set deleted_at = case when ${deleted}::boolean then now() end where id = ${player.id}`,
  );
}

/** The error of an answer to a query, as code and field. */
export function errorOf({ errors }: Answer<unknown>): unknown {
  return errors?.[0]?.extensions;
}
