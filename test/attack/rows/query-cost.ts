import { randomUUID } from 'node:crypto';
import { many, refused, type Row } from '../row.js';
import type { Target, Variables } from '../target.js';

const send =
  (query: string, variables: Variables = {}) =>
  (target: Target) =>
    target.graphql(query, variables);

/** Sixteen fields inside each other, of a player. */
const DEEP = `${'friends(first: 1) { nodes { '.repeat(7)} friends { totalCount } ${'} }'.repeat(7)}`;

const DOUBLING = many(13, (n) => `fragment F${n + 1} on User { ...F${n} ...F${n} }`);

/** Documents that would cost much, or tell much. */
export const queryCost: Row[] = [
  {
    name: 'a hundred thousand aliases',
    defence: 'bodies are bounded',
    attack: send(`{ ${many(100_000, (n) => `a${n}:__typename`)} }`),
    expected: refused.transport(413),
  },
  {
    name: 'twelve thousand aliases',
    defence: 'documents are bounded before they are parsed',
    attack: send(`{ ${many(12_000, (n) => `a${n}:__typename`)} }`),
    expected: { status: 400, errors: [{ code: 'GRAPHQL_PARSE_FAILED' }], message: /2000 tokens/ },
  },
  {
    name: 'a list nested ten thousand deep',
    defence: 'a document that is too deep is told as that',
    attack: send(`{ user(id: ${'['.repeat(10_000)}${']'.repeat(10_000)}) { id } }`),
    expected: { status: 400, errors: [{ code: 'GRAPHQL_PARSE_FAILED' }], message: /nested too deeply|2000 tokens/ },
  },
  {
    name: '101 aliases',
    defence: 'aliases are counted',
    attack: send(`{ viewer { ${many(101, (n) => `a${n}: id`)} } }`),
    expected: refused.document(/101 aliases/),
  },
  {
    name: '17 fields inside each other',
    defence: 'depth is bounded',
    attack: send(`{ viewer { ${DEEP} } }`),
    expected: refused.document(/17 fields deep/),
  },
  {
    name: '17 fields inside each other, by way of fragments',
    defence: 'depth is bounded',
    attack: send(`{ viewer { ...F } } fragment F on User { ...G } fragment G on User { ${DEEP} }`),
    expected: refused.document(/17 fields deep/),
  },
  {
    name: '51 directives',
    defence: 'directives are counted',
    attack: send(`{ viewer { ${many(51, () => 'id @include(if: true)')} } }`),
    expected: refused.document(/51 directives/),
  },
  {
    name: '51 fields of Query',
    defence: 'root fields are counted',
    attack: send(`{ ${many(51, () => 'viewer { id }')} }`),
    expected: refused.document(/51 fields at its root/),
  },
  {
    name: 'eleven mutations in one request',
    defence: 'mutations of a request are counted',
    attack: send(`mutation { ${many(11, () => 'recordVisit { visit { count } }')} }`),
    expected: refused.document(/11 fields at its root/),
  },
  {
    name: 'eleven mutations in one request, by way of fragments',
    defence: 'mutations of a request are counted',
    attack: send(
      `mutation { ...F ...F recordVisit { visit { count } } } fragment F on Mutation { ${many(5, () => 'recordVisit { visit { count } }')} }`,
    ),
    expected: refused.document(/11 fields at its root/),
  },
  {
    name: 'fragments that double thirteen times',
    defence: 'fragments are bounded',
    attack: send(`{ viewer { ...F13 } } fragment F0 on User { id } ${DOUBLING}`),
    expected: refused.document(/too many selections/),
  },
  {
    name: 'a hundred friends of a hundred players',
    defence: 'what an answer could cost is bounded',
    attack: send('{ users(nicknamePrefix: "", first: 100) { nodes { friends(first: 100) { nodes { id } } } } }'),
    expected: refused.document(/20201 fields/),
  },
  {
    name: 'a hundred friends of a hundred players, by a variable',
    defence: 'what an answer could cost is bounded',
    attack: send(
      'query ($n: Int!) { users(nicknamePrefix: "", first: $n) { nodes { friends(first: $n) { nodes { id } } } } }',
      { n: 100 },
    ),
    expected: refused.document(/20201 fields/),
  },
  {
    name: 'lists that multiply in fragments that double',
    defence: 'what an answer could cost is bounded',
    attack: send(`{ leaderboards(first: 50) { nodes { ...F ...F } } }
      fragment F on Leaderboard { a: seasons(first: 50) { ...G } b: seasons(first: 50) { ...G } }
      fragment G on SeasonConnection { nodes { key id startsAt } }`),
    expected: refused.document(/fields; 10000 are allowed/),
  },
  {
    name: 'a page of a million',
    defence: 'pages are bounded',
    attack: send('{ users(nicknamePrefix: "", first: 1000000) { nodes { id } } }'),
    expected: { ...refused.input('first'), data: { users: null } },
  },
  {
    name: 'a million days',
    defence: 'ranges of days are bounded',
    attack: async (target) =>
      target.graphql(
        `{ viewer { visits(from: "0001-01-01", to: "2999-12-31") { date } } }`,
        {},
        { as: await target.player() },
      ),
    expected: refused.input('to'),
  },
  {
    name: '101 scores at once',
    defence: 'scores of a request are bounded',
    attack: async (target) => {
      const { id } = await target.player();
      const scores = Array.from({ length: 101 }, () => ({ userId: id, score: 1, idempotencyKey: randomUUID() }));
      return target.graphql(
        'mutation ($input: SubmitScoresInput!) { submitScores(input: $input) { results { improved } } }',
        { input: { scores } },
        { headers: { 'x-api-key': await target.serviceKey(['scores:write']) } },
      );
    },
    expected: { ...refused.input('input.scores'), data: { submitScores: null } },
  },
  {
    name: 'introspection',
    defence: 'production does not tell its schema',
    attack: send('{ __schema { types { name } } }'),
    expected: { ...refused.document(), absent: /"types"|RegisterInput/ },
  },
  {
    name: 'introspection of one type',
    defence: 'production does not tell its schema',
    attack: send('{ __type(name: "User") { fields { name } } }'),
    expected: { ...refused.document(), absent: /"fields"/ },
  },
  {
    name: 'a misspelt field',
    defence: 'names of the schema are not suggested',
    attack: send('{ viewr { id } }'),
    expected: { ...refused.document(), absent: /Did you mean|viewer/ },
  },
  {
    name: 'a misspelt field of an input, in a variable',
    defence: 'names of the schema are not suggested',
    attack: send('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', {
      input: { emai: 'x@example.com', email: 'x@example.com', password: 'x' },
    }),
    expected: { status: 400, errors: [{ code: 'BAD_USER_INPUT', field: 'input.emai' }], absent: /Did you mean/ },
  },
  {
    name: 'what a query has cost',
    defence: 'production does not tell what an answer has cost',
    attack: send('{ leaderboards(first: 5) { nodes { slug } } }'),
    expected: { status: 200, absent: /extensions|"cost"/ },
  },
  {
    name: 'a query of one’s own',
    defence: 'with PERSISTED_ONLY, nothing else is answered',
    server: 'persisted',
    attack: send('{ __typename }'),
    expected: { status: 400, errors: [{ code: 'PERSISTED_QUERY_ONLY' }], absent: /"data"/ },
  },
  {
    name: 'a query of one’s own, registered by the way',
    defence: 'with PERSISTED_ONLY, nothing else is answered',
    server: 'persisted',
    attack: (target) =>
      target.http({
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          query: '{__typename}',
          extensions: {
            persistedQuery: {
              version: 1,
              sha256Hash: 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38',
            },
          },
        }),
      }),
    expected: { status: 400, errors: [{ code: 'PERSISTED_QUERY_ONLY' }], absent: /"data"/ },
  },
];
