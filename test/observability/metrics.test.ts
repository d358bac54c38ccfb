import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConfigError } from '../../src/config/config-error.js';
import { MAX_IN_FLIGHT } from '../../src/limits/concurrency-limit.js';
import { Metrics } from '../../src/observability/metrics.js';
import { type MetricsServer, serveMetrics } from '../../src/observability/metrics-server.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { type Sample, samplesOf, valueOf } from './samples.js';

let metrics: Metrics;
let served: MetricsServer;
let server: TestServer;
let player: Player;
beforeAll(async () => {
  metrics = new Metrics();
  served = await serveMetrics({ metricsPort: 0, metricsHost: '127.0.0.1' }, () => metrics.text());
  server = await startTestServer({ RATE_LIMITS: 'true' });
  metrics.watch({
    database: server.database,
    requestsInFlight: () => server.requestsInFlight(),
    replicaConnections: () => server.replicaConnections(),
  });
  player = await server.player();
});
afterAll(async () => {
  served.close();
  metrics.close();
  await server.close();
});

async function scrape(): Promise<Sample[]> {
  const response = await fetch(served.url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return samplesOf(await response.text());
}

/** What one doing adds to a counter. */
async function added(name: string, labels: Record<string, string>, doing: () => Promise<unknown>): Promise<number> {
  const before = valueOf(await scrape(), name, labels);
  await doing();
  return valueOf(await scrape(), name, labels) - before;
}

const OPERATIONS = 'laurel_operations_total';

test('operations are counted by name, type and what became of them', async () => {
  const home = { operation: 'Home', type: 'query', outcome: 'ok' };
  expect(await added(OPERATIONS, home, () => server.graphql('query Home { leaderboard { slug } }'))).toBe(1);
  const refused = { operation: 'Out', type: 'mutation', outcome: 'UNAUTHENTICATED' };
  expect(await added(OPERATIONS, refused, () => server.graphql('mutation Out { logout { sessionsEnded } }'))).toBe(1);
  const wrong = { operation: 'anonymous', type: 'mutation', outcome: 'BAD_USER_INPUT' };
  const register =
    'mutation { register(input: { email: "x", nickname: "x", password: "x", birthDate: "2000-01-01" }) { accessToken } }';
  expect(await added(OPERATIONS, wrong, () => server.graphql(register))).toBe(1);
});

test('what is refused before it is an operation has no name', async () => {
  const unknown = { operation: 'unknown', type: 'unknown' };
  const malformed = { ...unknown, outcome: 'GRAPHQL_PARSE_FAILED' };
  expect(await added(OPERATIONS, malformed, () => server.graphql('query Malformed {'))).toBe(1);
  const invalid = { ...unknown, outcome: 'GRAPHQL_VALIDATION_FAILED' };
  expect(await added(OPERATIONS, invalid, () => server.graphql('query Invalid { nothing }'))).toBe(1);
  const forged = { ...unknown, outcome: 'UNAUTHENTICATED' };
  const as = { ...player, accessToken: 'forged' };
  expect(await added(OPERATIONS, forged, () => server.graphql('{ leaderboard { slug } }', {}, as))).toBe(1);
});

test('their duration and the statements that they took are measured', async () => {
  const measured = { operation: 'Measured', type: 'query' };
  const send = () => server.graphql('query Measured { leaderboard { slug } }');
  expect(await added('laurel_operation_duration_seconds_count', measured, send)).toBe(1);
  const statements = () => server.database.statements.length;
  const before = statements();
  const counted = await added('laurel_sql_statements_total', { outcome: 'ok' }, send);
  expect(counted).toBeGreaterThan(0);
  expect(counted).toBeLessThanOrEqual(statements() - before);
  expect(valueOf(await scrape(), 'laurel_sql_duration_seconds_sum')).toBeGreaterThan(0);
});

test('refusals by the limits are counted by their rule', async () => {
  const guess = () =>
    server.graphql('mutation { login(input: { email: "nobody@example.com", password: "wrong" }) { accessToken } }');
  const refusals = await added('laurel_rate_limit_refusals_total', { rule: 'login' }, async () => {
    for (let attempts = 0; attempts < 12; attempts += 1) {
      await guess();
    }
  });
  expect(refusals).toBe(2);
  expect(valueOf(await scrape(), OPERATIONS, { outcome: 'RATE_LIMITED' })).toBe(2);
});

test('requests that are shed are counted, and those under way shown', async () => {
  const crowd = MAX_IN_FLIGHT + 5;
  const statuses = new Map<number, number>();
  const shed = await added('laurel_requests_shed_total', { reason: 'in_flight' }, async () => {
    const answers = await Promise.all(Array.from({ length: crowd }, () => server.send('{ leaderboard { slug } }')));
    answers.forEach(({ statusCode }) => statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1));
  });
  expect(shed).toBeGreaterThan(0);
  expect(statuses.get(503)).toBe(shed);
  expect(valueOf(await scrape(), 'laurel_requests_in_flight')).toBe(0);
});

test('ten thousand names that clients make up are a bounded number of series', async () => {
  for (let sent = 0; sent < 10_000; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => server.send(`query MadeUp${sent + n} { __typename }`)));
  }
  const samples = await scrape();
  const names = new Set(samples.filter(({ name }) => name === OPERATIONS).map(({ labels }) => labels['operation']));
  expect(names.size).toBeLessThanOrEqual(203);
  expect(names).toContain('Home');
  expect(valueOf(samples, OPERATIONS, { operation: 'other' })).toBeGreaterThan(9700);
  expect(samples.length).toBeLessThan(6000);
});

test('scores and the rank tree', async () => {
  const submit = (score: number) =>
    server.graphql(
      'mutation Submit($input: SubmitScoreInput!) { submitScore(input: $input) { improved } }',
      { input: { score } },
      player,
    );
  expect(await added('laurel_scores_submitted_total', { improved: 'true' }, () => submit(90_000))).toBe(1);
  expect(await added('laurel_scores_submitted_total', { improved: 'false' }, () => submit(10))).toBe(1);
  // What the database is asked for is kept for 15 seconds; another process has kept nothing yet.
  const fresh = new Metrics();
  fresh.watch({ database: server.database, requestsInFlight: () => 0, replicaConnections: () => undefined });
  const samples = samplesOf(await fresh.text());
  fresh.close();
  expect(valueOf(samples, 'laurel_database_reachable')).toBe(1);
  expect(valueOf(samples, 'laurel_rank_tree_players')).toBe(1);
  // 90,000 takes two levels above its own: 703 and 5.
  expect(valueOf(samples, 'laurel_rank_tree_levels')).toBe(3);
});

test('only GET /metrics is answered', async () => {
  const at = (path: string, method = 'GET') => fetch(new URL(path, served.url), { method });
  expect((await at('/other')).status).toBe(404);
  expect((await at('/')).status).toBe(404);
  expect((await at('/metrics', 'POST')).status).toBe(405);
});

test('a port that is in use is an error that names the setting', async () => {
  const port = Number(new URL(served.url).port);
  const again = serveMetrics({ metricsPort: port, metricsHost: '127.0.0.1' }, async () => '');
  await expect(again).rejects.toThrow(ConfigError);
  await expect(again).rejects.toThrow(`METRICS_PORT: another program listens on port ${port} of 127.0.0.1`);
});

test('no label tells of a person', async () => {
  const text = await metrics.text();
  expect(text).not.toContain(player.id);
  expect(text).not.toContain(player.nickname);
  expect(text).not.toContain('example.com');
});
