import type { Row } from '../row.js';
import type { Player, Target } from '../target.js';

const forbidden = (data: object, field?: string): Row['expected'] => ({
  status: 200,
  errors: [{ code: 'FORBIDDEN', ...(field !== undefined && { field }) }],
  data,
});

/** What is private to a victim, asked for by somebody else who is signed in. */
const ofVictim = (fields: string) => async (target: Target) => {
  const [victim, as] = [await target.player(), await target.player()];
  return target.graphql(`query ($id: ID!) { user(id: $id) { ${fields} } }`, { id: victim.id }, { as });
};

const UPDATE_POST = 'mutation ($input: UpdatePostInput!) { updatePost(input: $input) { post { id } } }';
const DELETE_POST = 'mutation ($id: ID!) { deletePost(id: $id) { postId } }';
const POST = 'query ($id: ID!, $author: ID!) { post(id: $id) { title } posts(authorId: $author) { nodes { title } } }';

/** Writes a post. @returns its id */
async function write(target: Target, as: Player): Promise<string> {
  const { createPost } = await target.ask(
    'mutation { createPost(input: { title: "A title", content: "Something." }) { post { id } } }',
    {},
    { as },
  );
  return createPost.post.id;
}

/** By paths that authorisation.test.ts, which goes field by field, does not take. */
export const authorisation: Row[] = [
  {
    name: 'the email and the birth date of somebody else',
    defence: 'what is private is for its owner',
    attack: ofVictim('account { email birthDate sessions { id } identities { id } }'),
    expected: { status: 200, data: { user: { account: null } } },
  },
  {
    name: 'the email of players in a search',
    defence: 'what is private is for its owner',
    attack: async (target) => {
      const [victim, as] = [await target.player(), await target.player()];
      return target.graphql(
        'query ($n: String!) { users(nicknamePrefix: $n) { nodes { account { email } } edges { node { account { email } } } } }',
        { n: victim.nickname },
        { as },
      );
    },
    expected: {
      status: 200,
      data: { users: { nodes: [{ account: null }], edges: [{ node: { account: null } }] } },
    },
  },
  {
    name: 'the email of friends',
    defence: 'what is private is for its owner',
    attack: async (target) => {
      const [friend, as] = [await target.player(), await target.player()];
      const change = 'mutation ($id: ID!) { requestFriendship(userId: $id) { user { id } } }';
      await target.ask(change, { id: friend.id }, { as });
      await target.ask(change, { id: as.id }, { as: friend });
      return target.graphql(
        '{ viewer { friends { nodes { account { email } friends { totalCount } } } } }',
        {},
        { as },
      );
    },
    expected: { status: 200, data: { viewer: { friends: { nodes: [{ account: null, friends: null }] } } } },
  },
  {
    name: 'the email of players on a board',
    defence: 'what is private is for its owner',
    attack: async (target) => {
      const [victim, as] = [await target.player(), await target.player()];
      await target.ask('mutation { submitScore(input: { score: 9007199254740991 }) { improved } }', {}, { as: victim });
      const query =
        '{ leaderboard { currentSeason { standings(first: 1) { nodes { user { account { email } } } } } } }';
      return target.graphql(query, {}, { as });
    },
    expected: {
      status: 200,
      data: { leaderboard: { currentSeason: { standings: { nodes: [{ user: { account: null } }] } } } },
    },
  },
  {
    name: 'the friends of somebody else',
    defence: 'friends are for their owner',
    attack: ofVictim('friends { totalCount }'),
    expected: { status: 200, data: { user: { friends: null } } },
  },
  {
    name: 'the scores of somebody else',
    defence: 'scores are for their owner',
    attack: ofVictim('scores { totalCount }'),
    expected: { status: 200, data: { user: { scores: null } } },
  },
  {
    name: 'the visits of somebody else',
    defence: 'visits are for their owner',
    attack: ofVictim('visits(from: "2026-01-01", to: "2026-01-02") { date }'),
    expected: { status: 200, data: { user: { visits: null } } },
  },
  {
    name: 'the streak of somebody else',
    defence: 'streaks are for their owner',
    attack: ofVictim('visitStreak { current }'),
    expected: { status: 200, data: { user: { visitStreak: null } } },
  },
  {
    name: 'how many players come, asked by a player',
    defence: 'how many players come is for admins',
    attack: async (target) =>
      target.graphql(
        '{ activeUsers(from: "2026-01-01", to: "2026-01-02") { users } }',
        {},
        { as: await target.player() },
      ),
    expected: forbidden({ activeUsers: null }),
  },
  {
    name: 'the audit log, asked by a player',
    defence: 'the audit log is for admins',
    attack: async (target) => target.graphql('{ auditLog { nodes { id } } }', {}, { as: await target.player() }),
    expected: forbidden({ auditLog: null }),
  },
  {
    name: 'suspending somebody, by a player',
    defence: 'what admins do is for admins',
    attack: async (target) => {
      const [victim, as] = [await target.player(), await target.player()];
      return target.graphql(
        'mutation ($id: ID!) { suspendUser(input: { userId: $id, reason: "x" }) { suspension { reason } } }',
        { id: victim.id },
        { as },
      );
    },
    expected: forbidden({ suspendUser: null }),
  },
  {
    name: 'becoming an admin',
    defence: 'what admins do is for admins',
    attack: async (target) => {
      const as = await target.player();
      return target.graphql(
        'mutation ($id: ID!) { setRole(input: { userId: $id, role: ADMIN }) { user { id } } }',
        { id: as.id },
        { as },
      );
    },
    expected: forbidden({ setRole: null }),
  },
  {
    name: 'a score for somebody else',
    defence: 'scores are submitted for oneself',
    attack: async (target) => {
      const [victim, as] = [await target.player(), await target.player()];
      return target.graphql(
        'mutation ($id: ID!) { submitScore(input: { score: 1, userId: $id }) { improved } }',
        { id: victim.id },
        { as },
      );
    },
    expected: forbidden({ submitScore: null }, 'input.userId'),
  },
  {
    name: 'a score for somebody else, between one’s own',
    defence: 'scores are submitted for oneself',
    attack: async (target) => {
      const [victim, as] = [await target.player(), await target.player()];
      const scores = [{ score: 1 }, { score: 1, userId: victim.id }];
      return target.graphql(
        'mutation ($input: SubmitScoresInput!) { submitScores(input: $input) { results { improved } } }',
        { input: { scores } },
        { as },
      );
    },
    expected: forbidden({ submitScores: null }, 'input.scores.1.userId'),
  },
  {
    name: 'accepting one’s own request for friendship',
    defence: 'a request is answered by who was asked',
    attack: async (target) => {
      const [requester, as] = [await target.player(), await target.player()];
      await target.ask(
        'mutation ($id: ID!) { requestFriendship(userId: $id) { user { id } } }',
        { id: requester.id },
        { as },
      );
      return target.graphql(
        'mutation ($id: ID!) { acceptFriendship(userId: $id) { user { id } } }',
        { id: requester.id },
        { as },
      );
    },
    expected: {
      status: 200,
      errors: [{ code: 'CONFLICT', reason: 'NO_PENDING_REQUEST' }],
      data: { acceptFriendship: null },
    },
  },
  {
    name: 'an edit of a post of somebody else',
    defence: 'posts are edited by their authors',
    attack: async (target) => {
      const [author, as] = [await target.player(), await target.player()];
      return target.graphql(
        UPDATE_POST,
        { input: { id: await write(target, author), version: 1, title: 'x' } },
        { as },
      );
    },
    expected: forbidden({ updatePost: null }, 'input.id'),
  },
  {
    name: 'the deletion of a post of somebody else',
    defence: 'posts are deleted by their authors',
    attack: async (target) => {
      const [author, as] = [await target.player(), await target.player()];
      return target.graphql(DELETE_POST, { id: await write(target, author) }, { as });
    },
    expected: forbidden({ deletePost: null }, 'id'),
  },
  {
    name: 'a post of a player who is suspended',
    defence: 'posts of who is not there are not there',
    attack: async (target) => {
      const author = await target.player();
      const id = await write(target, author);
      await target.sql('update users set suspended_at = now() where id = $1', [author.id]);
      return target.graphql(POST, { id, author: author.id }, { as: await target.player() });
    },
    expected: { status: 200, data: { post: null, posts: { nodes: [] } } },
  },
  {
    name: 'a post of a player whom the viewer blocks',
    defence: 'posts of who is blocked are not there',
    attack: async (target) => {
      const [author, as] = [await target.player(), await target.player()];
      const id = await write(target, author);
      await target.ask('mutation ($id: ID!) { blockUser(userId: $id) { user { id } } }', { id: author.id }, { as });
      return target.graphql(POST, { id, author: author.id }, { as });
    },
    expected: { status: 200, data: { post: null, posts: { nodes: [] } } },
  },
  {
    name: 'a post that was deleted',
    defence: 'what is deleted is not there',
    attack: async (target) => {
      const author = await target.player();
      const id = await write(target, author);
      await target.ask(DELETE_POST, { id }, { as: author });
      return target.graphql(POST, { id, author: author.id }, { as: author });
    },
    expected: { status: 200, data: { post: null, posts: { nodes: [] } } },
  },
  {
    name: 'a nickname that looks like that of the admins',
    defence: 'reserved nicknames are for nobody',
    attack: (target) =>
      target.graphql('mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }', {
        // With a Cyrillic letter at its beginning.
        input: {
          email: 'false@example.com',
          nickname: '\u0410dmin',
          password: 'a long password',
          birthDate: '2000-01-01',
        },
      }),
    expected: {
      status: 200,
      errors: [{ code: 'BAD_USER_INPUT', field: 'input.nickname' }],
      message: /reserved/,
      data: { register: null },
    },
  },
];
