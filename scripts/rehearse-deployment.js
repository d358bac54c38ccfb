/*
 * `npm run rehearse`: a deployment and the way back, on loopback, under load: two servers of the version before behind a proxy,
 * the upgrade of the database, both servers exchanged one after the other, and all of it backwards. Every request must be
 * answered with success, and every score that was acknowledged must be there at the end. What docs/operations.md says of
 * deployments is what is done here.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDatabase, dropDatabase, freePort, takeOrStartPostgres, withClient } from '../bench/postgres.js';

const USAGE = `Usage: npm run rehearse -- [options]

  --from REVISION  the version before, as git names it (default: the one without the newest migration)
  --players N      who play meanwhile (default 8)
  --rows N         players there are besides (default 20000)
  --seconds N      of load before and after each step (default 3)
  --postgres URL   a PostgreSQL server on which a database may be made (default: one is started)
`;

const ROOT = join(import.meta.dirname, '..');
const TOKEN_SECRET = 'only for rehearsing, and as long as it has to be';
const DATABASE = 'laurel_rehearsal_of_deployment';
const READY_MILLISECONDS = 60_000;

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    players: { type: 'string', default: '8' },
    rows: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '3' },
    postgres: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();

/** The version that the newest migration is not in. */
function versionBefore() {
  const newest = readdirSync(join(ROOT, 'migrations'))
    .filter((name) => name.endsWith('.ts'))
    .toSorted()
    .at(-1);
  const [added] = git('log', '--diff-filter=A', '--format=%H', '--', `migrations/${newest}`).split('\n');
  if (!added) {
    throw new Error(`${newest} is not committed yet: name the version before with --from.`);
  }
  return `${added}^`;
}

/** Checks a version out and builds it. @returns its folder */
function build(revision, folder) {
  git('worktree', 'add', '--force', '--detach', folder, revision);
  const lock = 'package-lock.json';
  if (readFileSync(join(ROOT, lock), 'utf8') === readFileSync(join(folder, lock), 'utf8')) {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  } else {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
  }
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: folder,
    stdio: 'inherit',
  });
  return folder;
}

const settings = (url, port = 0) => ({
  ...process.env,
  NODE_ENV: 'production',
  DATABASE_URL: url,
  PORT: String(port),
  HOST: '127.0.0.1',
  TOKEN_SECRET,
  LOG_LEVEL: 'error',
  RATE_LIMITS: 'false',
});

function laurel(folder, url, ...args) {
  return execFileSync(process.execPath, [join(folder, 'dist/src/cli/main.js'), ...args], {
    env: settings(url),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** A server of that version, once it says that it is ready. */
async function startServer(folder, url) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(folder, 'dist/src/cli/main.js'), 'serve'], {
    env: settings(url, port),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const deadline = performance.now() + READY_MILLISECONDS;
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (ready?.ok) {
      return { port, child };
    }
    if (performance.now() > deadline || child.exitCode !== null) {
      throw new Error(`A server of ${folder} is not ready.`);
    }
    await sleep(100);
  }
}

/** What stands before the servers: hands each request to the next of them. */
async function startProxy() {
  const agent = new Agent({ keepAlive: true });
  const servers = [];
  let turn = 0;
  const proxy = createServer((incoming, outgoing) => {
    turn += 1;
    const { port } = servers[turn % servers.length];
    const { method, url: path, headers } = incoming;
    const forwarded = request({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', (error) => outgoing.writeHead(502).end(String(error)));
    incoming.pipe(forwarded);
  });
  await new Promise((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  return {
    servers,
    address: `http://127.0.0.1:${proxy.address().port}/graphql`,
    close: () => {
      proxy.closeAllConnections();
      proxy.close();
      agent.destroy();
    },
  };
}

const SUBMIT = `mutation ($score: SafeInt!, $key: String!) {
  submitScore(input: { score: $score, idempotencyKey: $key }) { score { id } standing { rank } }
}`;
const HOME = `{ viewer { nickname friends(first: 5) { nodes { nickname } } standing { rank } }
  leaderboard { currentSeason { standings(first: 10) { nodes { rank score user { nickname } } } } } }`;

async function ask(address, query, variables, token) {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  if (response.status !== 200 || text.includes('"errors"')) {
    throw new Error(`${response.status} ${text.slice(0, 300)}`);
  }
  return JSON.parse(text).data;
}

/** Players who read and submit without a pause. */
async function startLoad(address, players) {
  const counts = { requests: 0, failures: [], slowest: 0 };
  const acknowledged = new Set();
  const stopping = new AbortController();
  const play = async () => {
    const name = randomUUID().slice(0, 18);
    const input = {
      email: `${name}@example.com`,
      nickname: name,
      password: 'a password of the rehearsal',
      birthDate: '2000-01-01',
    };
    const { register } = await ask(
      address,
      'mutation ($input: RegisterInput!) { register(input: $input) { accessToken } }',
      { input },
    );
    while (!stopping.signal.aborted) {
      const key = randomUUID();
      for (const [query, variables] of [
        [HOME, {}],
        [SUBMIT, { score: Math.floor(Math.random() * 1e6), key }],
      ]) {
        const began = performance.now();
        counts.requests += 1;
        try {
          await ask(address, query, variables, register.accessToken);
          if (query === SUBMIT) {
            acknowledged.add(key);
          }
        } catch (error) {
          counts.failures.push(error.message);
        }
        counts.slowest = Math.max(counts.slowest, performance.now() - began);
      }
    }
  };
  const playing = Array.from({ length: players }, play);
  return {
    acknowledged,
    take: () => {
      const taken = { ...counts };
      Object.assign(counts, { requests: 0, failures: [], slowest: 0 });
      return taken;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(playing);
    },
  };
}

/** Starts a server in the place of one that then gets no more requests and ends. */
async function exchange(proxy, place, folder, url) {
  const next = await startServer(folder, url);
  const before = proxy.servers[place];
  proxy.servers[place] = next;
  if (before !== undefined) {
    await end(before);
  }
}

async function end({ child }) {
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGTERM');
  await ended;
}

const work = mkdtempSync(join(tmpdir(), 'laurel-rehearsal-'));
const oldFolder = join(work, 'before');
const postgres = await takeOrStartPostgres(values.postgres);
let failed = false;
try {
  const revision = values.from ?? versionBefore();
  console.log(`from ${git('rev-parse', '--short', revision)} to ${git('rev-parse', '--short', 'HEAD')} and back`);
  const before = build(revision, oldFolder);
  const after = join(work, 'after');
  cpSync(join(ROOT, 'dist'), join(after, 'dist'), { recursive: true });
  for (const name of ['package.json', 'node_modules']) {
    symlinkSync(join(ROOT, name), join(after, name));
  }
  const url = await createDatabase(postgres.url, DATABASE);
  laurel(before, url, 'migrate', 'upgrade');
  await withClient(url, (client) =>
    client.query(
      `insert into users (id, nickname) select gen_random_uuid(), 'resident ' || n from generate_series(1, $1::integer) n`,
      [Number(values.rows)],
    ),
  );
  const names = (folder) => readdirSync(join(folder, 'dist/migrations')).filter((name) => name.endsWith('.js')).length;
  const steps = names(after) - names(before);

  const proxy = await startProxy();
  await exchange(proxy, 0, before, url);
  await exchange(proxy, 1, before, url);
  const load = await startLoad(proxy.address, Number(values.players));
  const step = async (title, act) => {
    await act();
    await sleep(Number(values.seconds) * 1000);
    const { requests, failures, slowest } = load.take();
    failed ||= failures.length > 0;
    console.log(
      `${title.padEnd(58)} ${String(requests).padStart(6)} requests, ${failures.length} failed, slowest ${Math.round(slowest)} ms`,
    );
    for (const [message, count] of Object.entries(Object.groupBy(failures, (text) => text)).map(([text, all]) => [
      text,
      all.length,
    ])) {
      console.log(`    ${count} x ${message}`);
    }
  };
  await step('two servers of the version before', async () => {});
  await step(`laurel migrate upgrade: ${steps} migrations`, async () => laurel(after, url, 'migrate', 'upgrade'));
  await step('the first server exchanged', () => exchange(proxy, 0, after, url));
  await step('the second server exchanged', () => exchange(proxy, 1, after, url));
  await step('back: the first server', () => exchange(proxy, 0, before, url));
  await step('back: the second server', () => exchange(proxy, 1, before, url));
  await step(`laurel migrate downgrade -${steps}`, async () =>
    laurel(after, url, 'migrate', 'downgrade', `-${steps}`, '--yes'),
  );
  await load.stop();
  const stored = await withClient(url, (client) =>
    client.query('select idempotency_key as key, count(*)::integer as count from scores group by 1'),
  );
  const keys = new Map(stored.rows.map(({ key, count }) => [key, count]));
  const lost = [...load.acknowledged].filter((key) => keys.get(key) !== 1);
  console.log(`${load.acknowledged.size} submissions acknowledged, ${lost.length} of them not stored once`);
  console.log(laurel(before, url, 'doctor').trim());
  failed ||= lost.length > 0;
  proxy.close();
  await Promise.all(proxy.servers.map(end));
} finally {
  await dropDatabase(postgres.url, DATABASE).catch(() => undefined);
  postgres.stop();
  if (existsSync(oldFolder)) {
    git('worktree', 'remove', '--force', oldFolder);
  }
  rmSync(work, { recursive: true, force: true });
}
console.log(failed ? 'FAILED' : 'no failed request');
process.exit(failed ? 1 : 0);
