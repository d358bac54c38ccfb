process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import {
  act,
  clearFriendships,
  type MutationName,
  type Outcome,
  setDeleted,
  standingTo,
  storedBlockers,
  storedFriendships,
  storeFriendship,
} from '../friendship/support.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';

const ROUNDS = 100;

let server: TestServer;
let ann: Player;
let bob: Player;
beforeAll(async () => {
  server = await startTestServer();
  ann = await server.player('ann');
  bob = await server.player('bob');
});
afterAll(() => server.close());
beforeEach(() => clearFriendships(server));

interface Call {
  by: 'ann' | 'bob';
  mutation: MutationName;
}

/** Sends all of these at once, one connection for each, and answers in their order. */
function atOnce(calls: readonly Call[]): Promise<Outcome[]> {
  return Promise.all(
    calls.map(({ by, mutation }) =>
      by === 'ann' ? act(server, mutation, bob.id, ann) : act(server, mutation, ann.id, bob),
    ),
  );
}

function repeated(count: number, call: Call): Call[] {
  return Array.from({ length: count }, () => call);
}

/** The calls in another order each round, so that another one is the first to be sent. */
function rotated(calls: readonly Call[], round: number): Call[] {
  const at = round % calls.length;
  return [...calls.slice(at), ...calls.slice(0, at)];
}

/** What must hold between the two whatever has happened. */
async function expectSound(): Promise<void> {
  const rows = await storedFriendships(server, ann, bob);
  const blockers = await storedBlockers(server, ann, bob);
  const faults = {
    'more than one row': rows.length > 1,
    'a friendship beside a block': rows.some((row) => row.status === 'accepted') && blockers.length > 0,
    'a request by a blocker': rows.some((row) => row.status === 'pending' && blockers.includes(row.requesterId)),
    'an answer before the request': rows.some((row) => row.respondedAt !== null && row.respondedAt < row.createdAt),
  };
  expect(Object.entries(faults).filter(([, found]) => found)).toEqual([]);
}

test('requests of both at once make one friendship, accepted, and none of them fails', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await clearFriendships(server);
    const calls = rotated(
      [
        ...repeated(4, { by: 'ann', mutation: 'requestFriendship' }),
        ...repeated(4, { by: 'bob', mutation: 'requestFriendship' }),
      ],
      round,
    );
    const outcomes = await atOnce(calls);
    expect(outcomes.map((outcome) => outcome.error)).toEqual(calls.map(() => null));
    const ids = new Set(outcomes.map((outcome) => outcome.payload?.friendship?.id));
    expect(ids.size).toBe(1);

    const rows = await storedFriendships(server, ann, bob);
    expect(rows).toMatchObject([{ status: 'accepted' }]);
    await expectSound();
  }
});

test('an acceptance that is sent eight times happens once, and all get its answer', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await clearFriendships(server);
    await storeFriendship(server, ann, bob, 'pending');
    const outcomes = await atOnce(repeated(8, { by: 'bob', mutation: 'acceptFriendship' }));
    const [first] = outcomes;
    expect(first?.payload?.friendship?.status).toBe('ACCEPTED');
    for (const outcome of outcomes) {
      expect(outcome).toEqual(first);
    }
    expect(await storedFriendships(server, ann, bob)).toMatchObject([{ status: 'accepted', requesterId: ann.id }]);
  }
});

test('acceptance and rejection at once: one of them stands, and the other is told so', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await clearFriendships(server);
    await storeFriendship(server, ann, bob, 'pending');
    const calls = rotated(
      [
        ...repeated(4, { by: 'bob', mutation: 'acceptFriendship' }),
        ...repeated(4, { by: 'bob', mutation: 'rejectFriendship' }),
      ],
      round,
    );
    const outcomes = await atOnce(calls);
    const [row] = await storedFriendships(server, ann, bob);
    const winner = row?.status === 'accepted' ? 'acceptFriendship' : 'rejectFriendship';
    expect(outcomes.map((outcome) => outcome.error)).toEqual(
      calls.map((call) => (call.mutation === winner ? null : 'CONFLICT NO_PENDING_REQUEST')),
    );
  }
});

test('a block against requests and acceptances leaves neither a friendship nor a request of the blocker', async () => {
  const calls: Call[] = [
    { by: 'bob', mutation: 'blockUser' },
    { by: 'ann', mutation: 'requestFriendship' },
    { by: 'bob', mutation: 'requestFriendship' },
    { by: 'bob', mutation: 'acceptFriendship' },
    { by: 'ann', mutation: 'acceptFriendship' },
    { by: 'ann', mutation: 'requestFriendship' },
    { by: 'bob', mutation: 'requestFriendship' },
    { by: 'bob', mutation: 'acceptFriendship' },
  ];
  const prepare = [
    async () => undefined,
    () => storeFriendship(server, ann, bob, 'pending'),
    () => storeFriendship(server, bob, ann, 'pending'),
    () => storeFriendship(server, ann, bob, 'accepted'),
    () => storeFriendship(server, ann, bob, 'rejected', 48),
  ];
  for (let round = 0; round < ROUNDS; round += 1) {
    await clearFriendships(server);
    await prepare[round % prepare.length]!();
    const sent = rotated(calls, Math.floor(round / prepare.length));
    const outcomes = await atOnce(sent);

    const allowed = [null, 'CONFLICT NO_PENDING_REQUEST', 'CONFLICT BLOCKED_BY_VIEWER'];
    sent.forEach(({ by }, index) => {
      const { error } = outcomes[index]!;
      // Whom the block is against never hears of one.
      expect(by === 'ann' ? allowed.slice(0, 2) : allowed).toContain(error);
    });
    expect(await storedBlockers(server, ann, bob)).toEqual([bob.id]);
    await expectSound();
    expect(await standingTo(server, bob, ann)).toBe('BLOCKED_BY_VIEWER');
    expect(['NONE', 'REQUESTED_BY_VIEWER']).toContain(await standingTo(server, ann, bob));
  }
});

test('blocks of both at once against requests leave nothing that both hide', async () => {
  const calls: Call[] = [
    { by: 'ann', mutation: 'blockUser' },
    { by: 'bob', mutation: 'requestFriendship' },
    { by: 'bob', mutation: 'blockUser' },
    { by: 'ann', mutation: 'requestFriendship' },
    { by: 'bob', mutation: 'acceptFriendship' },
    { by: 'ann', mutation: 'acceptFriendship' },
    { by: 'ann', mutation: 'requestFriendship' },
    { by: 'bob', mutation: 'requestFriendship' },
  ];
  for (let round = 0; round < ROUNDS; round += 1) {
    await clearFriendships(server);
    await atOnce(rotated(calls, round));
    expect(await storedBlockers(server, ann, bob)).toHaveLength(2);
    expect(await storedFriendships(server, ann, bob)).toEqual([]);
  }
});

test('any mixture keeps one row for the pair, sound beside the blocks, and fails no call by a fault', async () => {
  const mutations: MutationName[] = [
    'requestFriendship',
    'removeFriendship',
    'rejectFriendship',
    'acceptFriendship',
    'requestFriendship',
    'blockUser',
    'unblockUser',
  ];
  // Neither cleared between rounds nor alike: each round starts where the last one ended.
  for (let round = 0; round < ROUNDS; round += 1) {
    const calls = Array.from({ length: 8 }, (_, index): Call => ({
      by: (round * 3 + index) % 2 === 0 ? 'ann' : 'bob',
      mutation: mutations[(round * 5 + index * (1 + (round % 6))) % mutations.length]!,
    }));
    const outcomes = await atOnce(calls);
    for (const { error } of outcomes) {
      expect([
        null,
        'CONFLICT NO_PENDING_REQUEST',
        'CONFLICT BLOCKED_BY_VIEWER',
        'CONFLICT REQUEST_REJECTED',
      ]).toContain(error);
    }
    await expectSound();
  }
});

test('a request to an account that is being deleted waits, and then finds nobody', async () => {
  const deletion = new Client({ connectionString: server.database.url });
  await deletion.connect();
  try {
    await deletion.query('begin');
    await deletion.query('update users set deleted_at = now() where id = $1', [bob.id]);
    const asked = act(server, 'requestFriendship', bob.id, ann);
    await untilSomebodyWaits(deletion);
    await deletion.query('commit');
    expect((await asked).error).toBe('NOT_FOUND');
    expect(await storedFriendships(server, ann, bob)).toEqual([]);
  } finally {
    await deletion.end();
    await setDeleted(server, bob, false);
  }
});

/** Fails where nobody does within some seconds: then the call went through without waiting. */
async function untilSomebodyWaits(client: Client): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const { rows } = await client.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) {
      return;
    }
    await sleep(5);
  }
  throw new Error('Nobody waits for a lock.');
}
