import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  getNamedType,
  getNullableType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { query, sql } from '../../src/database/query.js';
import { createSchema } from '../../src/schema.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { errorsOf, REGISTER, row, UPDATE } from './support.js';

let server: TestServer;
let player: Player;
beforeAll(async () => {
  server = await startTestServer();
  player = await server.player();
});
afterAll(() => server.close());

const FAMILY = '👨‍👩‍👧‍👦';
/** What must never be in an answer: how the server is made. */
const LEAK = /select |insert |update |users_|relation|constraint|node_modules|\.ts:|\.js:|stacktrace|kysely|postgres/i;

const valid = {
  email: 'somebody@example.com',
  nickname: 'somebody',
  password: PASSWORD,
  birthDate: '2000-01-01',
};
const badField = (field: string) => [{ code: 'BAD_USER_INPUT', field }];
const countUsers = async () => (await row<{ n: number }>(server, sql`select count(*)::int as n from users`)).n;

const schema = createSchema();
const VALUES: Record<string, unknown> = { Int: 1, SafeInt: 1, Boolean: true };

/** A value that the type's coercion takes, with every field of input objects there. */
function sample(type: GraphQLInputType): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    return [sample(nullable.ofType)];
  }
  if (isInputObjectType(nullable)) {
    return Object.fromEntries(Object.values(nullable.getFields()).map((field) => [field.name, sample(field.type)]));
  }
  if (isEnumType(nullable)) {
    return nullable.getValues()[0]!.name;
  }
  return VALUES[nullable.name] ?? 'x';
}

/** The dotted paths of all text inside a type's values. */
function textPaths(type: GraphQLInputType, path: string): string[] {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    return textPaths(nullable.ofType, `${path}.0`);
  }
  if (isInputObjectType(nullable)) {
    return Object.values(nullable.getFields()).flatMap((field) => textPaths(field.type, `${path}.${field.name}`));
  }
  return isEnumType(nullable) || nullable.name in VALUES ? [] : [path];
}

/** Every text of every root field's arguments: operation, variables that are fine but for that text, and its path. */
const texts = [schema.getQueryType()!, schema.getMutationType()!].flatMap((root) =>
  Object.values(root.getFields()).flatMap((field) => {
    const keyword = root === schema.getQueryType() ? 'query' : 'mutation';
    const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
    const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
    const selection = isLeafType(getNamedType(field.type)) ? '' : '{ __typename }';
    const operation = `${keyword} (${declared}) { ${field.name}(${passed}) ${selection} }`;
    return field.args.flatMap((argument) =>
      textPaths(argument.type, argument.name).map((path) => ({ name: field.name, operation, path, args: field.args })),
    );
  }),
);

/** Text that passes the check of whatever argument has that name. */
function plausible(path: string): string {
  if (/zone$/i.test(path)) {
    return 'UTC';
  }
  if (/until$|At$/.test(path)) {
    return '2100-01-01T00:00:00Z';
  }
  if (path.endsWith('startTime')) {
    return '10:00';
  }
  if (path.endsWith('endTime')) {
    return '11:00';
  }
  if (/url$/i.test(path)) {
    return 'http://x.y';
  }
  return /date$|from$|to$/i.test(path) ? '2000-01-01' : 'x';
}

interface Tree {
  [key: string]: unknown;
}

/** Sets what lies at a dotted path. */
function put(target: Tree, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  keys.reduce((inner, key) => inner[key] as Tree, target)[last] = value;
}

describe.each([
  ['a NUL character', 'a\0b'],
  ['a lone surrogate', 'a\ud83d'],
  ['surrogates in the wrong order', '\udc00\ud83d'],
])('%s', (_what, text) => {
  test.each(texts)('in $name, $path, is bad input', async ({ operation, path, args, name }) => {
    const variables = Object.fromEntries(args.map((argument) => [argument.name, sample(argument.type)]));
    // Whatever is wrong before it in the order of the arguments would be named instead.
    for (const other of texts.filter((candidate) => candidate.name === name)) {
      put(variables, other.path, plausible(other.path));
    }
    put(variables, path, text);
    const answer = await server.graphql(operation, variables, player);
    expect(errorsOf(answer)).toEqual(badField(path));
    expect(JSON.stringify(answer)).not.toMatch(LEAK);
    expect(answer.data).toEqual({ [name]: null });
  });

  test('in an argument deeper down is bad input as well', async () => {
    const answer = await server.graphql(
      `query ($text: String!) { leaderboard { season(key: $text) { id } } viewer { friends(after: $text) { totalCount } } }`,
      { text },
      player,
    );
    expect(errorsOf(answer).toSorted((a, b) => (String(a['field']) < String(b['field']) ? -1 : 1))).toEqual([
      ...badField('after'),
      ...badField('key'),
    ]);
  });
});

test('there is text in every mutation that takes input', () => {
  expect(new Set(texts.map(({ name }) => name)).size).toBeGreaterThan(10);
  const required = texts.flatMap(({ args }) => args).filter(({ type }) => isNonNullType(type));
  expect(required.length).toBeGreaterThan(10);
});

describe.each([
  ['register', REGISTER, () => ({ ...valid })],
  ['updateProfile', UPDATE, () => ({})],
])('%s', (name, operation, base) => {
  const longest = 'x'.repeat(2026);
  const cases: [string, string, unknown][] = [
    ['nickname', 'nothing', ''],
    ['nickname', 'one grapheme', 'x'],
    ['nickname', 'one emoji of seven code points', FAMILY],
    ['nickname', 'one letter after trimming', '  x  '],
    ['nickname', 'white space only', ' \u3000 \u00a0 '],
    ['nickname', '33 letters', 'x'.repeat(33)],
    ['nickname', '33 emojis', FAMILY.repeat(33)],
    ['nickname', 'two hundred kilobytes', 'x'.repeat(200_000)],
    ['nickname', 'too many combining marks', `xy${'\u0301'.repeat(400)}`],
    ['nickname', 'a control character', 'a\u0007b'],
    ['nickname', 'a tab', 'a\tb'],
    ['nickname', 'a line break', 'ab\n'],
    ['nickname', 'a C1 control', 'a\u0085b'],
    ['nickname', 'DEL', 'a\u007fb'],
    ['nickname', 'a zero-width space', 'ad\u200bmin'],
    ['nickname', 'a zero-width joiner among letters', 'ad\u200dmin'],
    ['nickname', 'a zero-width non-joiner', 'ad\u200cmin'],
    ['nickname', 'a joiner after an emoji', `${FAMILY}\u200d${FAMILY}`],
    ['nickname', 'a variation selector on a letter', 'ab\ufe0fc'],
    ['nickname', 'a word joiner', 'ad\u2060min'],
    ['nickname', 'a byte order mark', '\ufeffadmin'],
    ['nickname', 'a soft hyphen', 'ad\u00admin'],
    ['nickname', 'a right-to-left override', '\u202enimda'],
    ['nickname', 'a bidi isolate', 'a\u2066b\u2069c'],
    ['nickname', 'a left-to-right mark', 'admin\u200e'],
    ['nickname', 'a Hangul filler', 'ad\u3164min'],
    ['nickname', 'a half-width Hangul filler', 'ad\uffa0min'],
    ['nickname', 'a blank Braille cell', 'ad\u2800min'],
    ['nickname', 'tag characters', 'admin\u{e0061}\u{e007f}'],
    ['nickname', 'a private-use character', 'ad\ue000min'],
    ['nickname', 'an unassigned character', 'ad\u0378min'],
    ['birthDate', 'the day after tomorrow', new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)],
    ['birthDate', 'the far future', '9999-12-31'],
    ['birthDate', 'before 1900', '1899-12-31'],
    ['birthDate', 'a day that does not exist', '2001-02-29'],
    ['birthDate', 'a month that does not exist', '2001-13-01'],
    ['birthDate', 'the year 0', '0000-01-01'],
    ['birthDate', 'a BC year', '-0001-01-01'],
    ['birthDate', 'an instant', '2001-02-03T00:00:00Z'],
    ['birthDate', 'another order', '03/02/2001'],
    ['birthDate', 'fewer digits', '2001-2-3'],
    ['birthDate', 'infinity', 'infinity'],
    ['birthDate', 'nothing', ''],
    ['timeZone', 'an unknown zone', 'Mars/Olympus_Mons'],
    ['timeZone', 'an offset', '+09:00'],
    ['timeZone', 'an abbreviation', 'PST'],
    ['timeZone', 'nothing', ''],
    ['timeZone', 'SQL', "UTC'; drop table users; --"],
  ];
  const urls: [string, string, unknown][] = [
    ['pictureUrl', 'script', 'javascript:alert(1)'],
    ['pictureUrl', 'script behind a space', ' javascript:alert(1)'],
    ['pictureUrl', 'data', 'data:image/png;base64,AAAA'],
    ['pictureUrl', 'another scheme', 'ftp://example.com/x'],
    ['pictureUrl', 'no scheme', 'example.com/x.png'],
    ['pictureUrl', 'no scheme but slashes', '//example.com/x.png'],
    ['pictureUrl', 'no host', 'https://'],
    ['pictureUrl', 'no slashes', 'https:example.com'],
    ['pictureUrl', 'white space', 'https://example.com/a b'],
    ['pictureUrl', 'a line break', 'https://example.com/\nx'],
    ['pictureUrl', 'a quote', 'https://example.com/"onload="x'],
    ['pictureUrl', 'a bidi override', 'https://example.com/\u202egnp.x'],
    ['pictureUrl', '2,049 characters', `https://example.com/xx${longest}x`],
    ['pictureUrl', 'nothing', ''],
  ];
  const emails: [string, string, unknown][] = [
    ['email', 'nothing', ''],
    ['email', 'no at sign', 'somebody'],
    ['email', 'no host', 'somebody@'],
    ['email', 'two at signs', 'a@b@example.com'],
    ['email', 'white space', ' somebody@example.com'],
    ['email', 'a line break', 'somebody@example.com\nbcc: x@example.com'],
    ['email', '255 characters', `${'x'.repeat(243)}@example.com`],
    ['password', '7 characters', '1234567'],
    ['password', '129 characters', 'x'.repeat(129)],
  ];
  const all = [...cases, ...(name === 'register' ? emails : urls)];

  test.each(all)('%s: %s is bad input, and nothing is written', async (field, _what, value) => {
    const users = await countUsers();
    const answer = await server.graphql(
      operation,
      { input: { ...base(), [field]: value } },
      name === 'register' ? null : player,
    );
    expect(errorsOf(answer)).toEqual(badField(`input.${field}`));
    expect(answer.data).toEqual({ [name]: null });
    expect(JSON.stringify(answer)).not.toMatch(LEAK);
    expect(await countUsers()).toBe(users);
  });

  test.each([
    ['nickname', 5],
    ['nickname', ['somebody']],
    ['nickname', { toString: 'x' }],
    ['nickname', true],
    ['birthDate', 20_000_101],
    ['birthDate', { year: 2000 }],
    ['timeZone', 9],
    ['timeZone', ['UTC']],
  ])('%s: %j is of the wrong type', async (field, value) => {
    const answer = await server.graphql(operation, { input: { ...base(), [field]: value } }, player);
    expect(errorsOf(answer)).toEqual(badField(`input.${field}`));
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer)).not.toMatch(LEAK);
  });

  test('an input of another shape names what is wrong', async () => {
    const ask = (input: unknown) => server.graphql(operation, { input }, player);
    expect(errorsOf(await ask({ ...base(), role: 'ADMIN' }))).toEqual(badField('input.role'));
    expect(errorsOf(await ask(null))).toEqual(badField('input'));
    expect(errorsOf(await ask('x; y'))).toEqual(badField('input'));
    expect(errorsOf(await ask({ ...base(), nickname: { a: '; Field "b" of required type c; at "d"; ' } }))).toEqual(
      badField('input.nickname'),
    );
  });
});

test('what is required is named where it is missing', async () => {
  const { email: _, ...rest } = valid;
  expect(errorsOf(await server.graphql(REGISTER, { input: rest }))).toEqual(badField('input.email'));
  expect(errorsOf(await server.graphql(REGISTER, { input: { ...valid, email: null } }))).toEqual(
    badField('input.email'),
  );
  expect(errorsOf(await server.graphql(REGISTER, {}))).toEqual(badField('input'));
});

test.each([
  ['2 letters', '가나', '가나'],
  ['32 letters', 'y'.repeat(32), 'y'.repeat(32)],
  ['32 emojis of a family of four', FAMILY.repeat(32), FAMILY.repeat(32)],
  ['32 of the longest emojis', '👩🏻‍❤️‍💋‍👩🏽'.repeat(32), '👩🏻‍❤️‍💋‍👩🏽'.repeat(32)],
  ['an emoji with a variation selector', '❤️x', '❤️x'],
  ['emojis of many parts', '👩🏽‍🚀🏳️‍🌈🇰🇷1️⃣', '👩🏽‍🚀🏳️‍🌈🇰🇷1️⃣'],
  ['white space at the ends and runs of it', ' \u3000a \u00a0 b\u2003', 'a b'],
  ['decomposed Hangul', '한글'.normalize('NFD'), '한글'],
  ['wildcards, quotes and SQL', "100%_\\'; --", "100%_\\'; --"],
  ['right-to-left letters', 'سلام', 'سلام'],
])('a nickname of %s is taken', async (_what, nickname, stored) => {
  const { data, errors } = await server.graphql(UPDATE, { input: { nickname } }, player);
  expect(errors).toBeUndefined();
  expect(data.updateProfile.user.nickname).toBe(stored);
  const found = await server.graphql('query ($n: String!) { userByNickname(nickname: $n) { id } }', { n: stored });
  expect(found.data.userByNickname).toEqual({ id: player.id });
});

test.each([
  'http://x.y',
  'HTTPS://EXAMPLE.COM/A',
  'https://example.com/ü?q=가#x',
  'https://[::1]:8443/%20',
  `https://example.com/${'x'.repeat(2028)}`,
])('the address %s is taken as it is', async (pictureUrl) => {
  const { data } = await server.graphql(UPDATE, { input: { pictureUrl } }, player);
  expect(data.updateProfile.user.pictureUrl).toBe(pictureUrl);
});

test.each([
  'UTC',
  'Asia/Seoul',
  'Asia/Calcutta',
  'America/Argentina/Buenos_Aires',
  'Pacific/Chatham',
  'Etc/GMT+9',
  'Japan',
])('the zone %s is taken, and the database knows it', async (timeZone) => {
  const { data } = await server.graphql(UPDATE, { input: { timeZone } }, player);
  expect(data.updateProfile.user.account.timeZone).toBe(timeZone);
  await query(server.database.orm.em.fork(), sql`select now() at time zone ${timeZone}::text`);
});

test('passwords of 8 and of 128 characters are taken, whatever they are made of', async () => {
  for (const password of ['🔑'.repeat(8), '🔑'.repeat(128), ' '.repeat(8)]) {
    const { email } = await server.player('x', { password });
    const answer = await server.graphql('mutation ($input: LoginInput!) { login(input: $input) { user { id } } }', {
      input: { email, password },
    });
    expect(answer.errors).toBeUndefined();
  }
});

test.each([
  [
    'query ($r: Int) { leaderboard { currentSeason { around(radius: $r) { nodes { rank } } } } }',
    { r: null },
    'radius',
  ],
  ['mutation ($e: Boolean) { logout(everywhere: $e) { sessionsEnded } }', { e: null }, 'everywhere'],
])('null in a variable for an argument that cannot be null is bad input: %s', async (source, variables, field) => {
  const { errors } = await server.graphql(source, variables);
  expect(errors?.map(({ extensions }) => extensions)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
});

test('what comes after a logout in the same request is refused', async () => {
  const leaving = await server.player();
  const { data, errors } = await server.graphql(
    'mutation { logout { sessionsEnded } recordVisit { visit { count } } }',
    {},
    leaving,
  );
  expect(data).toEqual({ logout: { sessionsEnded: 1 }, recordVisit: null });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' });
});

test('nesting beyond any real query is refused, not a fault of the server', async () => {
  const { errors } = await server.graphql('{a'.repeat(5000));
  expect(errors?.[0]?.extensions?.['code']).toBe('GRAPHQL_PARSE_FAILED');
});

test.each([
  ['malformed JSON', 'application/json', '{bad', 400],
  ['another kind of body', 'application/xml', '<a/>', 415],
])('%s is answered as an error of the API', async (_what, type, payload, status) => {
  const response = await server.http.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': type },
    payload,
  });
  expect(response.statusCode).toBe(status);
  expect(response.json().errors[0].extensions).toEqual({ code: 'BAD_REQUEST' });
});
