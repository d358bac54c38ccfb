import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { act, clearFriendships, errorOf, requestsOf, setDeleted, storeFriendship } from './support.js';

let server: TestServer;
let owner: Player;
let other: Player;
beforeAll(async () => {
  server = await startTestServer();
  owner = await server.player('owner');
  other = await server.player('other');
  await storeCrowd();
});
afterAll(() => server.close());
beforeEach(() => clearFriendships(server));

const CROWD_SIZE = 110;

/** Ids of many users by nickname; nicknames of all sorts, so that the order is not that of their making. */
let crowd: string[] = [];

async function storeCrowd(): Promise<void> {
  const rows = await query(
    server.database.orm.em.fork(),
    sql<{ id: string; key: string }>`insert into users (id, nickname)
      select gen_random_uuid(), (array['zoe', 'Ann', '나무', 'ÉMILE', 'bob'])[1 + n % 5] || '-' || n
      from generate_series(1, ${CROWD_SIZE}::integer) n
      returning id, nickname_key as key`,
  );
  crowd = rows.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))).map((row) => row.id);
}

/** Everybody in the crowd asks the owner, or is asked; every three of them in the same microsecond. */
async function storeWithCrowd(direction: 'INCOMING' | 'OUTGOING', status: 'pending' | 'accepted'): Promise<void> {
  const [requester, receiver] = direction === 'INCOMING' ? [sql`id`, sql`${owner.id}`] : [sql`${owner.id}`, sql`id`];
  await query(
    server.database.orm.em.fork(),
    sql`insert into friendships (id, requester_id, receiver_id, status, created_at)
      select gen_random_uuid(), ${requester}::uuid, ${receiver}::uuid, ${status},
        timestamptz '2026-02-05 10:20:00.123456+00' + make_interval(secs => (n / 3) * 0.000001)
      from unnest(${crowd}::uuid[]) with ordinality as c (id, n)`,
  );
}

interface Connection {
  totalCount: number;
  edges: { cursor: string; node: { id: string }; friendsSince?: string; blockedAt?: string }[];
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const PAGE = 'totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** The three lists of the owner, and how to fill them. */
const LISTS = {
  friends: {
    field: `friends(first: $first, after: $after) { ${PAGE} edges { cursor node { id } friendsSince } }`,
    fill: () => storeWithCrowd('OUTGOING', 'accepted'),
  },
  'incoming requests': {
    field: `account { friendRequests(direction: INCOMING, first: $first, after: $after) { ${PAGE} edges { cursor node { id } } } }`,
    fill: () => storeWithCrowd('INCOMING', 'pending'),
  },
  'outgoing requests': {
    field: `account { friendRequests(direction: OUTGOING, first: $first, after: $after) { ${PAGE} edges { cursor node { id } } } }`,
    fill: () => storeWithCrowd('OUTGOING', 'pending'),
  },
  'blocked users': {
    field: `account { blockedUsers(first: $first, after: $after) { ${PAGE} edges { cursor node { id } blockedAt } } }`,
    fill: () =>
      query(
        server.database.orm.em.fork(),
        sql`insert into blocks (blocker_id, blocked_id, created_at)
          select ${owner.id}::uuid, id, timestamptz '2026-02-05 10:20:00+00' + make_interval(secs => (n / 3) * 0.000001)
          from unnest(${crowd}::uuid[]) with ordinality as c (id, n)`,
      ),
  },
} as const;

const listNames = Object.keys(LISTS) as (keyof typeof LISTS)[];

async function readList(
  name: keyof typeof LISTS,
  variables: { first?: number | null; after?: string | null } = {},
  as: Player | 'service' | null = owner,
): Promise<{ connection: Connection | null; extensions: unknown }> {
  const answer = await server.graphql(
    `query ($id: ID!, $first: Int, $after: String) { user(id: $id) { ${LISTS[name].field} } }`,
    { id: owner.id, ...variables },
    as,
  );
  const user = answer.data?.user;
  return {
    connection: user?.friends ?? user?.account?.friendRequests ?? user?.account?.blockedUsers ?? null,
    extensions: errorOf(answer),
  };
}

describe.each(listNames)('%s', (name) => {
  test('answer an empty page where there is nothing', async () => {
    const { connection } = await readList(name);
    expect(connection).toEqual({
      totalCount: 0,
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  test('concatenate to the whole list, at any size of the pages and under ties', async () => {
    await LISTS[name].fill();
    const whole: string[] = [];
    for (const size of [100, 37, 10]) {
      const ids: string[] = [];
      let after: string | null = null;
      for (;;) {
        const { connection }: { connection: Connection | null } = await readList(name, { first: size, after });
        expect(connection?.totalCount).toBe(CROWD_SIZE);
        expect(connection?.pageInfo.hasPreviousPage).toBe(after !== null);
        expect(connection?.edges.map((edge) => edge.node)).toEqual(connection?.nodes);
        ids.push(...connection!.nodes.map((node) => node.id));
        after = connection!.pageInfo.endCursor;
        if (!connection!.pageInfo.hasNextPage) {
          break;
        }
        expect(connection?.nodes).toHaveLength(size);
      }
      expect(new Set(ids).size).toBe(CROWD_SIZE);
      whole.push(ids.join());
    }
    expect(new Set(whole).size).toBe(1);
  });

  test('have 20 items a page unless told otherwise, null included', async () => {
    await LISTS[name].fill();
    for (const variables of [{}, { first: null, after: null }]) {
      const { connection } = await readList(name, variables);
      expect(connection?.nodes).toHaveLength(20);
      expect(connection?.pageInfo.hasNextPage).toBe(true);
    }
  });

  test.each([0, -1, 101, 2 ** 31 - 1])('refuse first: %p', async (first) => {
    const { extensions } = await readList(name, { first });
    expect(extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'first' });
  });

  test('refuse cursors that are garbled or of another list', async () => {
    await LISTS[name].fill();
    const { connection } = await readList(name, { first: 1 });
    const cursor = connection!.pageInfo.endCursor!;
    const [fingerprint] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
    const encode = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url');
    const foreign = await Promise.all(
      listNames
        .filter((another) => another !== name)
        .map(async (another) => {
          await LISTS[another].fill().catch(() => undefined);
          return (await readList(another, { first: 1 })).connection?.pageInfo.endCursor ?? null;
        }),
    );
    const garbled = ['', 'x', 'null', cursor.slice(1), encode(null), encode([fingerprint]), encode([fingerprint, 1])];
    const infinite = encode([fingerprint, 'infinity', owner.id]);
    for (const after of [...garbled, infinite, encode([fingerprint, '\0']), ...foreign.filter((one) => one !== null)]) {
      const { extensions } = await readList(name, { after });
      expect({ after, extensions }).toEqual({ after, extensions: { code: 'BAD_USER_INPUT', field: 'after' } });
    }
  });

  test('are seen by an admin and a service key, and by nobody else', async () => {
    await LISTS[name].fill();
    expect((await readList(name, {}, 'service')).connection?.totalCount).toBe(CROWD_SIZE);
    expect((await readList(name, {}, other)).connection).toBeNull();
    expect((await readList(name, {}, null)).connection).toBeNull();

    await setRole(other, 'admin');
    const seen = await readList(name, {}, other);
    await setRole(other, 'user');
    expect(seen.connection?.totalCount).toBe(CROWD_SIZE);
  });

  test('leave deleted users out, and count none', async () => {
    await LISTS[name].fill();
    const [gone, ...others] = crowd;
    const mark = (deleted: boolean): Promise<unknown> =>
      query(
        server.database.orm.em.fork(),
        sql`update users set deleted_at = case when ${deleted}::boolean then now() end where id = ${gone}`,
      );
    await mark(true);
    const { connection } = await readList(name, { first: 100 });
    const rest = await readList(name, { first: 100, after: connection!.pageInfo.endCursor });
    await mark(false);
    expect(connection?.totalCount).toBe(others.length);
    expect(connection!.nodes.length + rest.connection!.nodes.length).toBe(others.length);
    expect((await readList(name)).connection?.totalCount).toBe(CROWD_SIZE);
  });
});

function setRole(player: Player, role: 'user' | 'admin'): Promise<unknown> {
  return query(server.database.orm.em.fork(), sql`update users set role = ${role} where id = ${player.id}`);
}

test('friends come by nickname, whatever the case and whoever asked', async () => {
  await storeWithCrowd('INCOMING', 'accepted');
  await storeFriendship(server, owner, other, 'accepted');
  const { connection } = await readList('friends', { first: 100 });
  const ids = connection!.nodes.map((node) => node.id).filter((id) => id !== other.id);
  expect(ids).toEqual(crowd.slice(0, ids.length));
  expect(connection?.totalCount).toBe(CROWD_SIZE + 1);
});

test('a friend since the answer, or since the request where nobody noted the answer', async () => {
  await storeFriendship(server, owner, other, 'accepted');
  const [, third] = crowd;
  await query(
    server.database.orm.em.fork(),
    sql`insert into friendships (id, requester_id, receiver_id, status, created_at)
      values (gen_random_uuid(), ${third}, ${owner.id}, 'accepted', '2020-01-02T03:04:05.678Z')`,
  );
  const [stored] = await query(
    server.database.orm.em.fork(),
    sql<{ at: Date }>`select to_char(responded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
      from friendships where responded_at is not null`,
  );
  const { connection } = await readList('friends');
  const since = new Map(connection!.edges.map((edge) => [edge.node.id, edge.friendsSince]));
  expect(since.get(third!)).toBe('2020-01-02T03:04:05.678Z');
  expect(since.get(other.id)).toBe(stored?.at);
});

test('neither pending nor rejected ones are friends, and only pending ones are requests', async () => {
  for (const status of ['pending', 'rejected'] as const) {
    await clearFriendships(server);
    await storeFriendship(server, other, owner, status);
    expect((await readList('friends')).connection?.totalCount).toBe(0);
    expect((await requestsOf(server, owner, 'INCOMING')).total).toBe(status === 'pending' ? 1 : 0);
    expect((await requestsOf(server, other, 'OUTGOING')).total).toBe(status === 'pending' ? 1 : 0);
    expect((await requestsOf(server, owner, 'OUTGOING')).total).toBe(0);
  }
});

test('requests and blocks come newest first', async () => {
  await storeFriendship(server, other, owner, 'pending', 1);
  const [first, second] = crowd;
  for (const [id, hoursAgo] of [
    [first, 3],
    [second, 2],
  ]) {
    await query(
      server.database.orm.em.fork(),
      sql`insert into friendships (id, requester_id, receiver_id, created_at)
        values (gen_random_uuid(), ${id}, ${owner.id}, now() - make_interval(hours => ${hoursAgo}))`,
    );
  }
  expect((await requestsOf(server, owner, 'INCOMING')).users).toEqual([other.id, second, first]);

  for (const id of [first!, other.id, second!]) {
    await act(server, 'blockUser', id, owner);
  }
  const { connection } = await readList('blocked users');
  expect(connection?.nodes.map((node) => node.id)).toEqual([second, other.id, first]);
  expect(connection?.edges[0]?.blockedAt).toMatch(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
});

test('what an admin reads in an account is what its owner would: hidden requests stay hidden', async () => {
  await storeFriendship(server, other, owner, 'pending');
  await act(server, 'blockUser', other.id, owner);
  expect((await readList('incoming requests', {}, 'service')).connection?.totalCount).toBe(0);
});

test('a deleted requester is back in the list once restored', async () => {
  await storeFriendship(server, other, owner, 'pending');
  await setDeleted(server, other, true);
  expect(await requestsOf(server, owner, 'INCOMING')).toEqual({ total: 0, users: [] });
  await setDeleted(server, other, false);
  expect(await requestsOf(server, owner, 'INCOMING')).toEqual({ total: 1, users: [other.id] });
});

describe('the number of statements does not grow with the page', () => {
  async function measured(source: string, first: number) {
    server.database.statements.length = 0;
    const { data, errors } = await server.graphql(source, { first }, owner);
    return { data, errors, statements: [...server.database.statements] };
  }

  test('friend requests with both users and how the viewer stands to them', async () => {
    await storeWithCrowd('INCOMING', 'pending');
    const source = `query ($first: Int!) {
      viewer { account { friendRequests(direction: INCOMING, first: $first) {
        totalCount
        nodes { requester { id nickname viewerFriendship } receiver { id nickname viewerFriendship } }
      } } }
    }`;
    const few = await measured(source, 5);
    const many = await measured(source, 100);
    const { nodes } = many.data.viewer.account.friendRequests;
    expect(nodes).toHaveLength(100);
    expect(nodes[99]).toMatchObject({
      requester: { viewerFriendship: 'REQUESTED_BY_USER' },
      receiver: { id: owner.id, viewerFriendship: 'SELF' },
    });
    // The session with the viewer and account, the page with its users and total, how the viewer stands to them.
    expect(few.statements).toHaveLength(3);
    expect(many.statements).toHaveLength(3);
  });

  test('friends with how the viewer stands to them', async () => {
    await storeWithCrowd('OUTGOING', 'accepted');
    const source = `query ($first: Int!) {
      viewer { friends(first: $first) { edges { friendsSince node { nickname viewerFriendship } } } }
    }`;
    const few = await measured(source, 5);
    const many = await measured(source, 100);
    expect(many.data.viewer.friends.edges).toHaveLength(100);
    // The session with the viewer, page, how the viewer stands to them.
    expect(few.statements).toHaveLength(3);
    expect(many.statements).toHaveLength(3);
  });

  test('users who were found by nickname, with every way to stand to them', async () => {
    const [pending, asked, friend, blocked, rejected, hidden] = await Promise.all(
      ['pending', 'asked', 'friend', 'blocked', 'rejected', 'hidden'].map((name) => server.player(`found-${name}`)),
    );
    await storeFriendship(server, pending!, owner, 'pending');
    await storeFriendship(server, owner, asked!, 'pending');
    await storeFriendship(server, friend!, owner, 'accepted');
    await storeFriendship(server, rejected!, owner, 'rejected');
    await storeFriendship(server, hidden!, owner, 'pending');
    await act(server, 'blockUser', blocked!.id, owner);
    await act(server, 'blockUser', hidden!.id, owner);
    const { data, statements } = await measured(
      'query ($first: Int) { users(nicknamePrefix: "found-", first: $first) { nodes { id viewerFriendship } } }',
      100,
    );
    const ways = new Map(
      data.users.nodes.map((node: { id: string; viewerFriendship: string }) => [node.id, node.viewerFriendship]),
    );
    expect(ways.get(pending!.id)).toBe('REQUESTED_BY_USER');
    expect(ways.get(asked!.id)).toBe('REQUESTED_BY_VIEWER');
    expect(ways.get(friend!.id)).toBe('FRIENDS');
    expect(ways.get(blocked!.id)).toBe('BLOCKED_BY_VIEWER');
    expect(ways.get(rejected!.id)).toBe('NONE');
    expect(ways.get(hidden!.id)).toBe('BLOCKED_BY_VIEWER');
    expect(statements).toHaveLength(3);
  });

  test('the lists of many users, with their totals, each at a size of its own', async () => {
    await storeWithCrowd('INCOMING', 'accepted');
    const source = `query ($prefix: String!, $first: Int) { users(nicknamePrefix: $prefix, first: $first) { nodes {
      id
      few: friends(first: 1) { totalCount nodes { id } }
      many: friends(first: 50) { nodes { id } }
      account {
        incoming: friendRequests(direction: INCOMING) { totalCount nodes { id } }
        outgoing: friendRequests(direction: OUTGOING) { totalCount nodes { id } }
        blockedUsers { totalCount nodes { id } }
      }
    } } }`;
    const counts: number[] = [];
    for (const first of [2, 20]) {
      server.database.statements.length = 0;
      const { data } = await server.graphql(source, { prefix: 'bob-', first }, 'service');
      counts.push(server.database.statements.length);
      expect(data.users.nodes).toHaveLength(first);
      for (const node of data.users.nodes) {
        expect(node.few).toEqual({ totalCount: 1, nodes: [{ id: owner.id }] });
        expect(node.many.nodes).toEqual([{ id: owner.id }]);
        expect(node.account.incoming).toEqual({ totalCount: 0, nodes: [] });
      }
    }
    // The search, the accounts and four lists with their totals.
    expect(counts).toEqual([6, 6]);
  });
});
