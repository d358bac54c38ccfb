import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { seedDemo } from '../../src/seed/seed.service.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { type ReceivedSpan, type Receiver, startReceiver } from './receiver.js';

const SERVER = 2;
const CLIENT = 3;

let database: TestDatabase;
let plain: TestServer;
let player: Player;
let receiver: Receiver;
beforeAll(async () => {
  database = await openTestDatabase();
  plain = await startTestServer({}, database);
  await seedDemo(database.orm.em.fork());
  player = await plain.player('traced');
  await plain.graphql('mutation { submitScore(input: { score: 1234567 }) { improved } }', {}, player);
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await plain.close();
});
beforeEach(() => {
  receiver.spans.length = 0;
  receiver.resources.length = 0;
});

/** A server that traces, for as long as that work takes; its end sends what there is. */
async function traced(settings: Record<string, string>, work: (server: TestServer) => Promise<unknown>): Promise<void> {
  const server = await startTestServer({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...settings }, database);
  await work(server);
  await server.apollo.stop();
  await server.http.close();
}

function span(isIt: (span: ReceivedSpan) => boolean): ReceivedSpan {
  const found = receiver.spans.find(isIt);
  expect(found).toBeDefined();
  return found!;
}

const named = (name: string) => span((one) => one.name === name);
const parentOf = ({ parentSpanId }: ReceivedSpan) => span(({ spanId }) => spanId === parentSpanId);
const text = ({ attributes }: ReceivedSpan) => String(attributes['db.query.text']);

const QUERY =
  'query Traced { leaderboard { slug currentSeason { standings(first: 3) { nodes { score user { nickname } } } } } }';

test.each([
  ['compiled', false],
  ['interpreted', true],
])('%s, one trace leads from the request through its operation and resolvers to SQL', async (_, interpreted) => {
  await traced({ OTEL_SERVICE_NAME: 'the-game' }, async (server) => {
    server.execution.interpreted = interpreted;
    const { errors } = await server.graphql(QUERY, {}, player, { 'x-other': '1' });
    expect(errors).toBeUndefined();
    expect(server.execution.answered).toBe(interpreted ? 0 : 1);
  });
  const http = named('POST /graphql');
  expect(http.kind).toBe(SERVER);
  expect(http.parentSpanId).toBeUndefined();
  expect(http.attributes).toMatchObject({ 'http.response.status_code': 200, 'url.path': '/graphql' });
  const operation = named('query Traced');
  expect(parentOf(operation)).toBe(http);
  const resolver = named('Query.leaderboard');
  expect(parentOf(resolver)).toBe(operation);
  const statement = span((one) => one.kind === CLIENT && text(one).includes('from standings'));
  expect(statement.attributes['db.system.name']).toBe('postgresql');
  const list = parentOf(statement);
  expect(list.name).toMatch(/\.standings$/);
  // Who sends the request is looked up before there is an operation.
  const session = span((one) => one.kind === CLIENT && text(one).includes('sessions'));
  expect(parentOf(session)).toBe(http);
  expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
  for (const one of receiver.spans.filter(({ parentSpanId }) => parentSpanId !== undefined)) {
    expect(one.start).toBeGreaterThanOrEqual(parentOf(one).start - 1_000_000n);
    expect(one.end).toBeGreaterThanOrEqual(one.start);
  }
  expect(receiver.resources[0]).toMatchObject({ 'service.name': 'the-game' });
  // Properties have no spans of their own.
  expect(receiver.spans.some(({ name }) => name === 'User.nickname' || name === 'Standing.score')).toBe(false);
});

test("a trace that began elsewhere goes on, and its sampling is the caller's", async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await traced({}, async (server) => {
    await server.graphql(QUERY, {}, null, { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await server.graphql(QUERY, {}, null, { traceparent: `00-${'1'.repeat(32)}-b7ad6b7169203331-00` });
  });
  expect(new Set(receiver.spans.map((one) => one.traceId))).toEqual(new Set([traceId]));
  expect(named('POST /graphql').parentSpanId).toBe('b7ad6b7169203331');
});

test('no span has values, variables or anything of a person', async () => {
  await traced({}, async (server) => {
    await server.graphql('mutation Login($input: LoginInput!) { login(input: $input) { accessToken } }', {
      input: { email: player.email, password: 'a password of the tests' },
    });
    await server.graphql(`query ById { user(id: "${player.id}") { nickname } }`, {}, player);
    await server.http.inject({
      url: `/graphql?query=${encodeURIComponent(`{ user(id: "${player.id}") { id } }`)}`,
      headers: { 'apollo-require-preflight': '1' },
    });
  });
  expect(receiver.spans.length).toBeGreaterThan(5);
  const sent = JSON.stringify(receiver.spans, (_, value: unknown) => (typeof value === 'bigint' ? '' : value));
  for (const secret of [player.email, player.nickname, player.id, 'a password of the tests', player.accessToken]) {
    expect(sent).not.toContain(secret);
  }
});

test('values that are written into a statement are taken out', async () => {
  const { textsReady, withoutValues } = await import('../../src/observability/tracing/statement-text.js');
  await textsReady();
  expect(withoutValues("select * from users where email = 'it''s me' and id = $1 limit 1")).toBe(
    'select * from users where email = $2 and id = $1 limit $3',
  );
  expect(withoutValues(String.raw`insert into t values (E'\'secret', 42)`)).not.toMatch(/secret|42/);
  expect(withoutValues("no such 'statement")).toBe('NO');
});

test('a large page has a bounded number of spans', async () => {
  const page = 'leaderboard { currentSeason { standings(first: 50) { nodes { tiedWith percentile user { id } } } } }';
  await traced({}, async (server) => {
    const { data } = await server.graphql(`query Large { ${page} }`);
    expect(data.leaderboard.currentSeason.standings.nodes).toHaveLength(50);
  });
  expect(receiver.spans.filter(({ name }) => name === 'Standing.tiedWith').length).toBeGreaterThan(0);
  expect(receiver.spans.filter(({ name }) => /^[A-Z]\w+\.\w+$/.test(name))).toHaveLength(100);
});

test('nothing is sampled where the sampler says so', async () => {
  await traced({ OTEL_TRACES_SAMPLER: 'always_off' }, (server) => server.graphql(QUERY));
  expect(receiver.spans).toEqual([]);
});

test('an answer does not wait for a receiver that is away', async () => {
  // Read by the exporter itself; what cannot be sent is tried again until then.
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '200';
  await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, async (server) => {
    const { status } = await server.graphql(QUERY);
    expect(status).toBe(200);
  });
  delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT'];
});

test('health checks are not traced', async () => {
  await traced({}, (server) => server.http.inject({ url: '/livez' }));
  expect(receiver.spans).toEqual([]);
});
