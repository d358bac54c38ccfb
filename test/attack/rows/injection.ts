import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { refused, type Row } from '../row.js';
import { PASSWORD, RETURN, type Target, type Variables } from '../target.js';
import { begin, comeBackWith } from './sign-in-steps.js';

const send =
  (query: string, variables: Variables = {}) =>
  (target: Target) =>
    target.graphql(query, variables);

const REGISTER = 'mutation ($input: RegisterInput!) { register(input: $input) { user { nickname } } }';
const registering = (input: Record<string, string>) => (target: Target) => {
  const account = {
    email: `${randomUUID()}@example.com`,
    nickname: randomUUID().slice(0, 18),
    password: PASSWORD,
    birthDate: '2000-01-01',
  };
  return target.graphql(REGISTER, { input: { ...account, ...input } });
};
const profile = (input: Variables) => async (target: Target) =>
  target.graphql(
    'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { pictureUrl } } }',
    { input },
    { as: await target.player() },
  );

const REFUSED_REGISTERING = (field: string): Row['expected'] => ({
  ...refused.input(field),
  data: { register: null },
});

/** A cursor with that in it. */
const cursor = (...content: unknown[]): string => Buffer.from(JSON.stringify(content)).toString('base64url');

/** A cursor that the server has made, but for the last part of its key. */
async function changedCursor(
  target: Target,
  last: string,
): Promise<{ after: string; as: Awaited<ReturnType<Target['player']>> }> {
  const as = await target.player();
  await target.ask('mutation { submitScore(input: { score: 1 }) { improved } }', {}, { as });
  const { viewer } = await target.ask('{ viewer { scores(first: 1) { pageInfo { endCursor } } } }', {}, { as });
  const content = JSON.parse(Buffer.from(viewer.scores.pageInfo.endCursor, 'base64url').toString());
  return { after: cursor(...content.slice(0, -1), last), as };
}

/** As `send`, where there is somebody to be found. */
const sendWithPlayers = (query: string, variables: Variables) => async (target: Target) => {
  await target.player();
  return target.graphql(query, variables);
};

/** Making code, statements, mail or lines of a log out of text. */
export const injection: Row[] = [
  {
    name: 'SQL in a nickname to look up',
    defence: 'a nickname to look up is a parameter',
    attack: sendWithPlayers('query ($n: String!) { userByNickname(nickname: $n) { id } }', {
      n: "x') or true order by created_at limit 1 --",
    }),
    expected: { status: 200, data: { userByNickname: null } },
  },
  {
    name: 'SQL in a prefix of nicknames',
    defence: 'a prefix of nicknames is a parameter',
    attack: sendWithPlayers('query ($n: String!) { users(nicknamePrefix: $n) { nodes { id } } }', {
      n: "x') or true --",
    }),
    expected: { status: 200, data: { users: { nodes: [] } } },
  },
  {
    name: 'SQL in the slug of a board',
    defence: 'the slug of a board is a parameter',
    attack: send('query ($s: String) { leaderboard(slug: $s) { slug } }', { s: "x'}'::text[]) or true --" }),
    expected: { status: 200, data: { leaderboard: null } },
  },
  {
    name: 'SQL in an email to sign in with',
    defence: 'an email to sign in with is a parameter',
    attack: sendWithPlayers('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', {
      input: { email: "x') or true --@example.com", password: PASSWORD },
    }),
    expected: refused.credentials,
  },
  {
    name: 'SQL in an id',
    defence: 'ids are looked at before they are asked for',
    attack: send('query ($id: ID!) { user(id: $id) { id } }', { id: "1' or '1'='1" }),
    expected: { status: 200, data: { user: null } },
  },
  {
    name: 'SQL in a cursor',
    defence: 'what is in a cursor is looked at',
    attack: async (target) => {
      const { after, as } = await changedCursor(target, "1' or '1'='1");
      return target.graphql('query ($a: String) { viewer { scores(after: $a) { totalCount } } }', { a: after }, { as });
    },
    expected: { ...refused.input('after'), data: { viewer: { scores: null } } },
  },
  {
    name: 'a cursor of another list',
    defence: 'a cursor belongs to one list',
    attack: async (target) => {
      const { nickname } = await target.player();
      const query =
        'query ($n: String!, $a: String) { users(nicknamePrefix: $n, first: 1, after: $a) { edges { cursor } } }';
      const { users } = await target.ask(query, { n: nickname });
      return target.graphql(query, { n: '', a: users.edges[0].cursor });
    },
    expected: { ...refused.input('after'), data: { users: null } },
  },
  {
    name: 'wildcards in a prefix of nicknames',
    defence: 'every character of a prefix is literal',
    attack: async (target) => {
      await target.player();
      return target.graphql('{ users(nicknamePrefix: "%") { nodes { id } } }');
    },
    expected: { status: 200, data: { users: { nodes: [] } } },
  },
  {
    name: 'text that the compiler of queries would make code of',
    defence: 'text in a query is never compiled',
    attack: async (target) => {
      const code = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d(process.exit(1),0)';
      const query = `{ leaderboard(slug: ${JSON.stringify(code)}) { id } }`;
      // What comes once only is not worth compiling.
      for (let use = 0; use < 5; use += 1) {
        await target.graphql(query);
      }
      return target.graphql(query);
    },
    expected: { status: 200, data: { leaderboard: null } },
  },
  {
    name: 'the NUL character',
    defence: 'text has no NUL in it',
    attack: send('query ($n: String!) { userByNickname(nickname: $n) { id } }', { n: 'a\0b' }),
    expected: { ...refused.input('nickname'), data: { userByNickname: null } },
  },
  {
    name: 'half a character',
    defence: 'text is well-formed',
    attack: (target) =>
      target.http({
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"query ($n: String!) { userByNickname(nickname: $n) { id } }","variables":{"n":"\\ud800"}}',
      }),
    expected: { ...refused.input('nickname'), data: { userByNickname: null } },
  },
  {
    name: 'another line in an email, for a header of one’s own',
    defence: 'an email is an address',
    attack: registering({ email: 'x@example.com\r\nBcc: everybody@example.com' }),
    expected: REFUSED_REGISTERING('input.email'),
  },
  {
    name: 'a second address in an email',
    defence: 'an email is an address',
    attack: registering({ email: 'x@example.com, y@example.com' }),
    expected: REFUSED_REGISTERING('input.email'),
  },
  {
    name: 'a line break in a nickname',
    defence: 'nicknames have no control characters',
    attack: registering({ nickname: 'a\nb' }),
    expected: REFUSED_REGISTERING('input.nickname'),
  },
  {
    name: 'an invisible character in a nickname',
    defence: 'nicknames have no invisible characters',
    attack: registering({ nickname: 'pla\u200byer' }),
    expected: REFUSED_REGISTERING('input.nickname'),
  },
  {
    name: 'a change of direction in a nickname',
    defence: 'nicknames have no invisible characters',
    attack: registering({ nickname: 'player\u202ereyalp' }),
    expected: REFUSED_REGISTERING('input.nickname'),
  },
  {
    name: 'a script as a picture',
    defence: 'pictures are http addresses',
    attack: profile({ pictureUrl: 'javascript:alert(1)' }),
    expected: { ...refused.input('input.pictureUrl'), data: { updateProfile: null } },
  },
  {
    name: 'a picture with a line break before its address',
    defence: 'pictures are http addresses',
    attack: profile({ pictureUrl: '\nhttps://example.com/x.png' }),
    expected: { ...refused.input('input.pictureUrl'), data: { updateProfile: null } },
  },
  {
    name: 'SQL in a time zone',
    defence: 'time zones have known names',
    attack: profile({ timeZone: "UTC'; drop table users; --" }),
    expected: { ...refused.input('input.timeZone'), data: { updateProfile: null } },
  },
  {
    name: 'HTML in a nickname, for a mail',
    defence: 'mails are plain text without what players wrote',
    server: 'mailing',
    attack: async (target) => {
      const { email } = await target.player({ nickname: `<b>${randomUUID().slice(0, 8)}</b>` });
      const { subject = '', text = '', html } = await target.post.next(email);
      const mail = { html, told: `${subject} ${text}`.includes('<b>') };
      return { status: 200, headers: {}, body: JSON.stringify({ data: mail }) };
    },
    expected: { status: 200, data: { html: false, told: false } },
  },
  {
    name: 'a line of one’s own in the log',
    defence: 'the log has lines of its own alone',
    attack: async (target) => {
      const visitor = await begin(target);
      const line = '{"level":60,"msg":"forged"}';
      const answer = await comeBackWith(target, visitor, { error: `x\n${line}\n` });
      await sleep(200);
      return target.output().split('\n').includes(line) ? { ...answer, body: 'forged' } : answer;
    },
    expected: {
      status: 302,
      headers: { location: new RegExp(`^${RETURN}\\?error=provider_refused$`) },
      absent: /forged/,
    },
  },
];
