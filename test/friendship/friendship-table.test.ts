import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import {
  act,
  clearFriendships,
  type MutationName,
  standingTo,
  storedBlockers,
  storedFriendships,
  storeFriendship,
} from './support.js';

let server: TestServer;
let viewer: Player;
let other: Player;
beforeAll(async () => {
  server = await startTestServer();
  viewer = await server.player('viewer');
  other = await server.player('other');
});
afterAll(() => server.close());
beforeEach(() => clearFriendships(server));

/** How the pair stands at first. */
const STATES = {
  nothing: async () => undefined,
  'pending, viewer asked': () => storeFriendship(server, viewer, other, 'pending'),
  'pending, other asked': () => storeFriendship(server, other, viewer, 'pending'),
  accepted: () => storeFriendship(server, other, viewer, 'accepted'),
  'rejected by the other': () => storeFriendship(server, viewer, other, 'rejected'),
  'rejected by the viewer': () => storeFriendship(server, other, viewer, 'rejected'),
};

type Side = 'viewer' | 'other';
type Views = readonly [viewerSees: string, otherSees: string];

const NONE: Views = ['NONE', 'NONE'];
const ASKED: Views = ['REQUESTED_BY_VIEWER', 'REQUESTED_BY_USER'];
const WAITS: Views = ['REQUESTED_BY_USER', 'REQUESTED_BY_VIEWER'];
const FRIENDS: Views = ['FRIENDS', 'FRIENDS'];
const BLOCKS: Views = ['BLOCKED_BY_VIEWER', 'NONE'];

interface Cell {
  state: keyof typeof STATES;
  mutation: MutationName;
  /** Code and reason; null where the call succeeds. */
  error?: string;
  /** Status of the payload's friendship; null where it has none. */
  answers?: string | null;
  /** Who asked and the status, as the database holds it; null for no row. */
  row: readonly [requester: Side, status: string] | null;
  /** The row is as it was, times and id included. */
  untouched?: boolean;
  blocked?: boolean;
  views: Views;
}

const NO_PENDING = 'CONFLICT NO_PENDING_REQUEST';

const CELLS: Cell[] = [
  { state: 'nothing', mutation: 'requestFriendship', answers: 'PENDING', row: ['viewer', 'pending'], views: ASKED },
  { state: 'nothing', mutation: 'acceptFriendship', error: NO_PENDING, row: null, views: NONE },
  { state: 'nothing', mutation: 'rejectFriendship', error: NO_PENDING, row: null, views: NONE },
  { state: 'nothing', mutation: 'removeFriendship', answers: null, row: null, views: NONE },
  { state: 'nothing', mutation: 'blockUser', answers: null, row: null, blocked: true, views: BLOCKS },
  { state: 'nothing', mutation: 'unblockUser', answers: null, row: null, views: NONE },

  {
    state: 'pending, viewer asked',
    mutation: 'requestFriendship',
    answers: 'PENDING',
    row: ['viewer', 'pending'],
    untouched: true,
    views: ASKED,
  },
  {
    state: 'pending, viewer asked',
    mutation: 'acceptFriendship',
    error: NO_PENDING,
    row: ['viewer', 'pending'],
    untouched: true,
    views: ASKED,
  },
  {
    state: 'pending, viewer asked',
    mutation: 'rejectFriendship',
    error: NO_PENDING,
    row: ['viewer', 'pending'],
    untouched: true,
    views: ASKED,
  },
  { state: 'pending, viewer asked', mutation: 'removeFriendship', answers: null, row: null, views: NONE },
  { state: 'pending, viewer asked', mutation: 'blockUser', answers: null, row: null, blocked: true, views: BLOCKS },
  {
    state: 'pending, viewer asked',
    mutation: 'unblockUser',
    answers: 'PENDING',
    row: ['viewer', 'pending'],
    untouched: true,
    views: ASKED,
  },

  {
    state: 'pending, other asked',
    mutation: 'requestFriendship',
    answers: 'ACCEPTED',
    row: ['other', 'accepted'],
    views: FRIENDS,
  },
  {
    state: 'pending, other asked',
    mutation: 'acceptFriendship',
    answers: 'ACCEPTED',
    row: ['other', 'accepted'],
    views: FRIENDS,
  },
  {
    state: 'pending, other asked',
    mutation: 'rejectFriendship',
    answers: 'REJECTED',
    row: ['other', 'rejected'],
    views: NONE,
  },
  {
    state: 'pending, other asked',
    mutation: 'removeFriendship',
    error: NO_PENDING,
    row: ['other', 'pending'],
    untouched: true,
    views: WAITS,
  },
  {
    state: 'pending, other asked',
    mutation: 'blockUser',
    answers: null,
    row: ['other', 'pending'],
    untouched: true,
    blocked: true,
    views: ['BLOCKED_BY_VIEWER', 'REQUESTED_BY_VIEWER'],
  },
  {
    state: 'pending, other asked',
    mutation: 'unblockUser',
    answers: 'PENDING',
    row: ['other', 'pending'],
    untouched: true,
    views: WAITS,
  },

  {
    state: 'accepted',
    mutation: 'requestFriendship',
    answers: 'ACCEPTED',
    row: ['other', 'accepted'],
    untouched: true,
    views: FRIENDS,
  },
  {
    state: 'accepted',
    mutation: 'acceptFriendship',
    answers: 'ACCEPTED',
    row: ['other', 'accepted'],
    untouched: true,
    views: FRIENDS,
  },
  {
    state: 'accepted',
    mutation: 'rejectFriendship',
    error: NO_PENDING,
    row: ['other', 'accepted'],
    untouched: true,
    views: FRIENDS,
  },
  { state: 'accepted', mutation: 'removeFriendship', answers: null, row: null, views: NONE },
  { state: 'accepted', mutation: 'blockUser', answers: null, row: null, blocked: true, views: BLOCKS },
  {
    state: 'accepted',
    mutation: 'unblockUser',
    answers: 'ACCEPTED',
    row: ['other', 'accepted'],
    untouched: true,
    views: FRIENDS,
  },

  {
    state: 'rejected by the other',
    mutation: 'requestFriendship',
    error: 'CONFLICT REQUEST_REJECTED',
    row: ['viewer', 'rejected'],
    untouched: true,
    views: NONE,
  },
  {
    state: 'rejected by the other',
    mutation: 'acceptFriendship',
    error: NO_PENDING,
    row: ['viewer', 'rejected'],
    untouched: true,
    views: NONE,
  },
  {
    state: 'rejected by the other',
    mutation: 'rejectFriendship',
    error: NO_PENDING,
    row: ['viewer', 'rejected'],
    untouched: true,
    views: NONE,
  },
  {
    state: 'rejected by the other',
    mutation: 'removeFriendship',
    answers: null,
    row: ['viewer', 'rejected'],
    untouched: true,
    views: NONE,
  },
  {
    state: 'rejected by the other',
    mutation: 'blockUser',
    answers: null,
    row: ['viewer', 'rejected'],
    untouched: true,
    blocked: true,
    views: BLOCKS,
  },
  {
    state: 'rejected by the other',
    mutation: 'unblockUser',
    answers: null,
    row: ['viewer', 'rejected'],
    untouched: true,
    views: NONE,
  },

  {
    state: 'rejected by the viewer',
    mutation: 'requestFriendship',
    answers: 'PENDING',
    row: ['viewer', 'pending'],
    views: ASKED,
  },
  {
    state: 'rejected by the viewer',
    mutation: 'acceptFriendship',
    error: NO_PENDING,
    row: ['other', 'rejected'],
    untouched: true,
    views: NONE,
  },
  {
    state: 'rejected by the viewer',
    mutation: 'rejectFriendship',
    answers: 'REJECTED',
    row: ['other', 'rejected'],
    untouched: true,
    views: NONE,
  },
  {
    state: 'rejected by the viewer',
    mutation: 'removeFriendship',
    answers: null,
    row: ['other', 'rejected'],
    untouched: true,
    views: NONE,
  },
  {
    state: 'rejected by the viewer',
    mutation: 'blockUser',
    answers: null,
    row: ['other', 'rejected'],
    untouched: true,
    blocked: true,
    views: BLOCKS,
  },
  {
    state: 'rejected by the viewer',
    mutation: 'unblockUser',
    answers: null,
    row: ['other', 'rejected'],
    untouched: true,
    views: NONE,
  },
];

test.each(CELLS)('$state: $mutation', async (cell) => {
  await STATES[cell.state]();
  const before = await storedFriendships(server, viewer, other);

  // Twice, because a repeated call answers with what stands. A cancelled or rejected request stays so.
  for (const round of ['first', 'repeated']) {
    const outcome = await act(server, cell.mutation, other.id, viewer);
    expect({ round, error: outcome.error }).toEqual({ round, error: cell.error ?? null });
    const answered = outcome.payload && {
      user: outcome.payload.user,
      viewer: outcome.payload.viewer,
      status: outcome.payload.friendship?.status ?? null,
    };
    expect(answered).toEqual(cell.error === undefined ? payloadOf(cell) : null);

    const after = await storedFriendships(server, viewer, other);
    const ids = { viewer: viewer.id, other: other.id };
    expect(after.map(({ requesterId, receiverId, status }) => ({ requesterId, receiverId, status }))).toEqual(
      cell.row === null
        ? []
        : [
            {
              requesterId: ids[cell.row[0]],
              receiverId: ids[cell.row[0] === 'viewer' ? 'other' : 'viewer'],
              status: cell.row[1],
            },
          ],
    );
    expect(after).toEqual(cell.untouched === true ? before : after);
    expect(await storedBlockers(server, viewer, other)).toEqual(cell.blocked === true ? [viewer.id] : []);
    expect(await standingTo(server, viewer, other)).toBe(cell.views[0]);
    expect(await standingTo(server, other, viewer)).toBe(cell.views[1]);
  }
});

function payloadOf(cell: Cell): unknown {
  return {
    user: { id: other.id, viewerFriendship: cell.views[0] },
    viewer: { id: viewer.id, viewerFriendship: 'SELF' },
    status: cell.answers,
  };
}

test('the table above has every cell', () => {
  const cells = new Set(CELLS.map((cell) => `${cell.state}/${cell.mutation}`));
  expect(cells.size).toBe(36);
});

describe('times and ids', () => {
  test('an answer is stamped once, and the answer names who asked', async () => {
    await storeFriendship(server, other, viewer, 'pending');
    const [before] = await storedFriendships(server, viewer, other);

    const first = await act(server, 'acceptFriendship', other.id, viewer);
    expect(first.payload?.friendship).toMatchObject({
      id: before?.id,
      requester: { id: other.id },
      receiver: { id: viewer.id },
      createdAt: expect.stringMatching(/Z$/),
      respondedAt: expect.stringMatching(/Z$/),
    });
    const again = await act(server, 'acceptFriendship', other.id, viewer);
    expect(again.payload).toEqual(first.payload);
    const [after] = await storedFriendships(server, viewer, other);
    expect(after?.createdAt).toBe(before?.createdAt);
  });

  test('a request after a rejection reuses the row, with a new time and no answer', async () => {
    await storeFriendship(server, other, viewer, 'rejected');
    const [before] = await storedFriendships(server, viewer, other);

    await act(server, 'requestFriendship', other.id, viewer);
    const [after] = await storedFriendships(server, viewer, other);
    expect(after).toMatchObject({ id: before?.id, requesterId: viewer.id, status: 'pending', respondedAt: null });
    expect(after!.createdAt > before!.createdAt).toBe(true);
  });

  test('a rejected requester waits 24 hours from the answer, and is told how long', async () => {
    await storeFriendship(server, viewer, other, 'rejected', 24);
    const refused = await act(server, 'requestFriendship', other.id, viewer);
    expect(refused.error).toBe('CONFLICT REQUEST_REJECTED');
    const { retryAfter } = refused.extensions;
    expect(retryAfter).toBeGreaterThan(3500);
    expect(retryAfter).toBeLessThanOrEqual(3600);
  });

  test('24 hours after the answer the rejected requester may ask again', async () => {
    await storeFriendship(server, viewer, other, 'rejected', 25);
    const asked = await act(server, 'requestFriendship', other.id, viewer);
    expect(asked.payload?.friendship).toMatchObject({ status: 'PENDING', respondedAt: null });
    expect(await standingTo(server, other, viewer)).toBe('REQUESTED_BY_USER');
  });

  test('a rejection of which nobody noted the time bars nobody', async () => {
    await storeFriendship(server, viewer, other, 'rejected');
    await server.database.orm.em.fork().getConnection().execute('update friendships set responded_at = null');
    expect((await act(server, 'requestFriendship', other.id, viewer)).error).toBeNull();
  });
});
