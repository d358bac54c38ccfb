import 'reflect-metadata';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { laurel, LaurelProcess, postOnNewConnection } from '../cli/process.js';
import { samplesOf, valueOf } from '../observability/samples.js';
import { createEmptyDatabase } from '../support/database.js';

let settings: Record<string, string>;
let drop: () => Promise<void>;
beforeAll(async () => {
  const database = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], process.env['LAUREL_TEST_TEMPLATE']);
  ({ drop } = database);
  settings = {
    DATABASE_URL: database.url,
    PORT: '0',
    METRICS_PORT: '0',
    TOKEN_SECRET: 'd8b1ad70f3bb4d5cb8b26d0c5c1f9a7e',
    LOG_LEVEL: 'info',
  };
});
afterAll(() => drop());

async function withServer(words: string[], work: (address: string, metrics: string) => Promise<void>): Promise<void> {
  const server = new LaurelProcess(['serve', ...words], settings);
  try {
    const address = await server.address();
    const [, metrics] = /"url":"(http:[^"]+)","msg":"Metrics are served"/.exec(server.output) ?? [];
    await work(address, metrics!);
  } finally {
    server.kill('SIGTERM');
  }
  // What is scraped does not keep it.
  expect((await server.finished).code).toBe(0);
}

const scrape = async (url: string) => samplesOf(await (await fetch(url)).text());

test('one process tells of its pool, its database and its jobs', async () => {
  await withServer([], async (address, metrics) => {
    await postOnNewConnection(address, 'query One { leaderboard { slug } }', {});
    const samples = await scrape(metrics);
    expect(valueOf(samples, 'laurel_operations_total', { operation: 'One', outcome: 'ok' })).toBe(1);
    expect(valueOf(samples, 'laurel_database_reachable')).toBe(1);
    expect(valueOf(samples, 'laurel_database_connections_max')).toBe(10);
    expect(valueOf(samples, 'laurel_database_connections')).toBeGreaterThan(0);
    expect(valueOf(samples, 'laurel_database_connections_waiting')).toBe(0);
    expect(samples.some(({ name }) => name === 'nodejs_eventloop_lag_p99_seconds')).toBe(true);
    expect(valueOf(samples, 'laurel_info')).toBe(1);
  });
});

test('of several workers, the metrics are one', async () => {
  await withServer(['--workers', '2'], async (address, metrics) => {
    const sent = 12;
    for (let attempt = 0; attempt < sent; attempt += 1) {
      await postOnNewConnection(address, 'query Many { leaderboard { slug } }', {});
    }
    const samples = await scrape(metrics);
    expect(valueOf(samples, 'laurel_operations_total', { operation: 'Many', outcome: 'ok' })).toBe(sent);
    expect(samples.filter(({ labels }) => labels['operation'] === 'Many' && labels['outcome'] === 'ok')).toHaveLength(
      1,
    );
    // Each has a pool of its own; the database is one.
    expect(valueOf(samples, 'laurel_database_connections_max')).toBe(20);
    expect(valueOf(samples, 'laurel_database_reachable')).toBe(1);
    expect(valueOf(samples, 'laurel_info')).toBe(1);
  });
});

test('jobs that are done are counted', async () => {
  await withServer([], async (address, metrics) => {
    await postOnNewConnection(
      address,
      'mutation { requestPasswordReset(email: "nobody@example.com") { accepted } }',
      {},
    );
    for (let left = 100; ; left -= 1) {
      const done = valueOf(await scrape(metrics), 'laurel_jobs_ended_total', { queue: 'account-mail', outcome: 'ok' });
      if (done === 1) {
        return;
      }
      expect(left).toBeGreaterThan(0);
      await sleep(100);
    }
  });
});

test.each([[[]], [['--workers', '2']]])(
  'a port that is in use ends the start, naming the setting: %p',
  async (words) => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    const { code, output } = await laurel(['serve', ...words], { ...settings, METRICS_PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(output).toContain(`METRICS_PORT: another program listens on port ${port} of 127.0.0.1`);
  },
);

/** Prints the modules of the libraries that a process loads. */
const TELLING = `import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      if (/prometheus-io|opentelemetry/.test(url)) console.log('loaded', url);
      return next(url, context);
    },
  });`;

test.each([
  ['without', ''],
  ['with', '0'],
])('%s the setting, what makes metrics is loaded accordingly', async (_, METRICS_PORT) => {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(TELLING)}`;
  const server = new LaurelProcess(['serve'], { ...settings, METRICS_PORT, NODE_OPTIONS });
  await server.address();
  server.kill('SIGTERM');
  const { output } = await server.finished;
  expect(output.includes('Metrics are served')).toBe(METRICS_PORT !== '');
  expect(/loaded .*prometheus-io/.test(output)).toBe(METRICS_PORT !== '');
  expect(output).not.toMatch(/loaded .*opentelemetry.*sdk/);
});
