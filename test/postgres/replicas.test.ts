import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Client } from 'pg';
import { openDatabase } from '../../src/database/database.js';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { openReplicas, type Replicas } from '../../src/database/replicas.js';
import { createLog } from '../../src/log.js';
import { asPlayer, LOGIN, LOGOUT, REFRESH, UPDATE, VIEWER } from '../account/support.js';
import { laurel, LaurelProcess, postOnNewConnection } from '../cli/process.js';
import { samplesOf, valueOf } from '../observability/samples.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { startProxy } from '../support/freezable-proxy.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { type Replicated, startReplicated } from '../support/standby.js';

const ELSEWHERE = process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

const TITLE = `{ leaderboard { title } }`;
const SUBMIT = `mutation ($input: SubmitScoreInput!) {
  submitScore(input: $input) { improved standing { rank score user { nickname } } }
}`;
const SUBMIT_ALL = `mutation ($input: SubmitScoresInput!) { submitScores(input: $input) { results { improved } } }`;
const REQUEST = `mutation ($userId: ID!) { requestFriendship(userId: $userId) { friendship { status } } }`;
const NEWEST = `{ viewer { scores(first: 1) { totalCount nodes { value } } } }`;
const VISIT = `mutation { recordVisit { visit { count } } }`;
const MINE = `{
  viewer {
    nickname
    scores(first: 1) { nodes { value } }
    visitStreak { current }
    account {
      incoming: friendRequests(direction: INCOMING) { nodes { status } }
      outgoing: friendRequests(direction: OUTGOING) { nodes { status } }
    }
  }
}`;

let servers: Replicated;
let database: TestDatabase;
let server: TestServer;
let replicas: Replicas;
let standby: Client;
let logged: string[];

beforeAll(async () => {
  servers = await startReplicated();
  process.env['TEST_POSTGRES_URL'] = servers.primaryUrl;
  // It is on the other server.
  delete process.env['LAUREL_TEST_TEMPLATE'];
  database = await openTestDatabase();
  await eventually(async () => {
    standby = new Client({ connectionString: replicaUrl() });
    standby.on('error', () => undefined);
    await standby.connect();
  });
  await caughtUp();
});
afterAll(async () => {
  await standby?.end().catch(() => undefined);
  await database?.close();
  await servers?.close();
});

beforeEach(async () => {
  logged = [];
  replicas = await open(database, [replicaUrl()]);
  server = await startTestServer({}, database, replicas);
  await inUse();
});
afterEach(async () => {
  await server.apollo.stop();
  await server.http.close();
});

/** The test's database on the standby. */
const replicaUrl = () => Object.assign(new URL(servers.standbyUrl), { pathname: new URL(database.url!).pathname }).href;

const open = (of: TestDatabase, databaseReplicaUrls: string[], maxLag = Infinity): Promise<Replicas> =>
  openReplicas(
    of,
    { databaseReplicaUrls, databasePoolSize: 8 },
    createLog('info', { write: (line) => logged.push(line) }),
    maxLag,
  );

/** Repeats what may not hold yet, until it does. */
async function eventually<T>(check: () => Promise<T> | T): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) {
        throw error;
      }
      await sleep(20);
    }
  }
}

const inUse = () => eventually(() => expect(replicas.next()).toBeDefined());

/** Until the standby has all that the primary has. */
async function caughtUp(): Promise<void> {
  const { end } = await queryExactlyOne(fork(), sql<{ end: string }>`select pg_current_wal_flush_lsn() as end`);
  await eventually(async () => {
    const { rows } = await standby.query(`select pg_last_wal_replay_lsn() >= '${end}' as done`);
    expect(rows).toEqual([{ done: true }]);
  });
}

const fork = () => database.orm.em.fork();

/**
 * Runs `work` while the standby stands still. Until then both have the same, but the title of the board, which is
 * `primary` or `standby`: whoever asks for it learns which was read from.
 */
async function whilePaused(work: () => Promise<void>): Promise<void> {
  await query(fork(), sql`update leaderboards set title = 'standby' where slug = 'monthly'`);
  await caughtUp();
  await standby.query('select pg_wal_replay_pause()');
  try {
    await eventually(async () => {
      const { rows } = await standby.query('select pg_get_wal_replay_pause_state() as state');
      expect(rows).toEqual([{ state: 'paused' }]);
    });
    await query(fork(), sql`update leaderboards set title = 'primary' where slug = 'monthly'`);
    await work();
  } finally {
    await standby.query('select pg_wal_replay_resume()');
  }
}

/** Which database answers that caller's queries. */
async function readsFrom(as: Player | 'service' | null, on = server): Promise<string> {
  const { data } = await on.graphql(TITLE, {}, as);
  return data.leaderboard.title;
}

const mine = async (as: Player, on = server) => (await on.graphql(MINE, {}, as)).data.viewer;

describe('while the standby stands still', () => {
  test('anonymous callers and the service key read from it, and see nothing new until it goes on', async () => {
    await whilePaused(async () => {
      expect(await readsFrom(null)).toBe('standby');
      expect(await readsFrom('service')).toBe('standby');
    });
    await eventually(async () => expect(await readsFrom(null)).toBe('primary'));
  });

  test('a player reads from it until the first write, from the primary then, and from it again when it has that', async () => {
    const [player, other] = [await server.player(), await server.player()];
    await whilePaused(async () => {
      for (const one of [player, other]) {
        await eventually(async () => expect(await readsFrom(one)).toBe('standby'));
      }
      expect((await server.graphql(VISIT, {}, player)).errors).toBeUndefined();
      expect(await readsFrom(player)).toBe('primary');
      expect(await readsFrom(other)).toBe('standby');
    });
    await whilePaused(async () => {
      await eventually(async () => expect(await readsFrom(player)).toBe('standby'));
    });
  });

  test('one answer is from one database', async () => {
    const [player, other] = [await server.player(), await server.player()];
    const both = `query ($id: ID!) { leaderboard { title } user(id: $id) { nickname } viewer { nickname } }`;
    await whilePaused(async () => {
      await eventually(async () => expect(await readsFrom(player)).toBe('standby'));
      await server.graphql(UPDATE, { input: { nickname: 'the new name' } }, other);
      const { data } = await server.graphql(both, { id: other.id }, player);
      expect(data).toEqual({
        leaderboard: { title: 'standby' },
        user: { nickname: other.nickname },
        viewer: { nickname: player.nickname },
      });
    });
  });

  test('players see what they have written, on whichever server process they ask', async () => {
    const second = await secondServer();
    const [player, friend] = [await server.player(), await server.player()];
    await whilePaused(async () => {
      for (const one of [server, second]) {
        await eventually(async () => expect(await readsFrom(friend, one)).toBe('standby'));
      }
      // Alternately through either, and read from both.
      const written = [
        await server.graphql(SUBMIT, { input: { score: 41 } }, player),
        await second.graphql(REQUEST, { userId: friend.id }, player),
        await server.graphql(VISIT, {}, player),
        await second.graphql(UPDATE, { input: { nickname: 'renamed while it stands' } }, player),
      ];
      expect(written.flatMap(({ errors }) => errors ?? [])).toEqual([]);
      for (const one of [server, second]) {
        expect(await mine(player, one)).toEqual({
          nickname: 'renamed while it stands',
          scores: { nodes: [{ value: 41 }] },
          visitStreak: { current: 1 },
          account: { incoming: { nodes: [] }, outgoing: { nodes: [{ status: 'PENDING' }] } },
        });
        expect(await mine(friend, one)).toMatchObject({ account: { incoming: { nodes: [{ status: 'PENDING' }] } } });
        expect(await readsFrom(null, one)).toBe('standby');
      }
    });
    await second.close();
  });

  test('a mutation is on the primary with all that its answer shows', async () => {
    const player = await server.player();
    await whilePaused(async () => {
      const { data, errors } = await server.graphql(SUBMIT, { input: { score: 9_000_000 } }, player);
      expect({ data, errors }).toEqual({
        data: {
          submitScore: { improved: true, standing: { rank: 1, score: 9_000_000, user: { nickname: player.nickname } } },
        },
        errors: undefined,
      });
    });
  });

  test('whoever has just registered, signed in or refreshed reads from the primary', async () => {
    const known = await server.player();
    await whilePaused(async () => {
      const registered = await server.player();
      const login = await server.graphql(LOGIN, { input: { email: known.email, password: PASSWORD } });
      const signedIn = asPlayer(login.data.login);
      const refreshed = asPlayer(
        (await server.graphql(REFRESH, { token: registered.refreshToken })).data.refreshSession,
      );
      for (const player of [registered, signedIn, refreshed]) {
        expect((await mine(player)).nickname).toBe(player.nickname);
        expect(await readsFrom(player)).toBe('primary');
      }
    });
  });

  test('players see scores that the game server has submitted for them', async () => {
    const players = [await server.player(), await server.player()];
    await whilePaused(async () => {
      const scores = players.map(({ id }, index) => ({ userId: id, score: 100 + index }));
      expect((await server.graphql(SUBMIT_ALL, { input: { scores } }, 'service')).errors).toBeUndefined();
      expect(await Promise.all(players.map((player) => mine(player)))).toMatchObject([
        { scores: { nodes: [{ value: 100 }] } },
        { scores: { nodes: [{ value: 101 }] } },
      ]);
    });
  });

  test('a session that was ended is refused at once', async () => {
    const player = await server.player();
    await whilePaused(async () => {
      await server.graphql(LOGOUT, {}, player);
      const { status, errors } = await server.graphql(VIEWER, {}, player);
      expect({ status, reason: errors?.[0]?.extensions?.['reason'] }).toEqual({ status: 401, reason: 'TOKEN_REVOKED' });
    });
  });

  test('a position from another cluster, as a restored dump brings it, keeps nobody on the primary', async () => {
    const player = await server.player();
    await query(fork(), sql`update last_writes set written_lsn = 'FFFFFF/0' where user_id = ${player.id}`);
    await whilePaused(async () => {
      expect(await readsFrom(player)).toBe('standby');
      expect((await server.graphql(VISIT, {}, player)).errors).toBeUndefined();
      expect(await readsFrom(player)).toBe('primary');
    });
  });
});

test('players always find what they have written, while the standby stands still now and then', async () => {
  const second = await secondServer();
  const chosen = jest.spyOn(replicas, 'forPlayer');
  const played = new AbortController();
  const disturb = async () => {
    while (!played.signal.aborted) {
      await insist('select pg_wal_replay_pause()');
      await sleep(150);
      await insist('select pg_wal_replay_resume()');
      await sleep(150);
    }
  };
  // The standby breaks off what is in the way of its replay, these statements among them.
  const insist = async (statement: string): Promise<void> => {
    for (let isDone = false; !isDone;) {
      isDone = await standby.query(statement).then(
        () => true,
        (error: Error) => {
          if (!error.message.includes('conflict with recovery')) {
            throw error;
          }
          return false;
        },
      );
    }
  };
  const play = async (player: Player) => {
    for (let score = 1; score <= 12; score += 1) {
      expect((await server.graphql(SUBMIT, { input: { score } }, player)).errors).toBeUndefined();
      for (let read = 0; read < 12; read += 1) {
        const { data } = await (read % 2 === 0 ? server : second).graphql(NEWEST, {}, player);
        expect(data.viewer.scores).toEqual({ totalCount: score, nodes: [{ value: score }] });
        await sleep(50 * Math.random());
      }
    }
  };
  const disturbed = disturb();
  const players = await Promise.all([1, 2, 3, 4].map(() => server.player()));
  await Promise.all(players.map(play)).finally(() => played.abort());
  await disturbed;
  // Else this has tested nothing.
  const onStandby = chosen.mock.results.filter(({ value }) => value !== undefined);
  expect(onStandby.length).toBeGreaterThan(0);
  expect(onStandby.length).toBeLessThan(chosen.mock.calls.length);
  await second.close();
});

describe('a replica that fails', () => {
  /** Answers `primary` at once there; on a standby only after a minute. */
  const slowOnStandby = sql<{ at: string }>`
    select case when pg_is_in_recovery() then 'standby' || pg_sleep(60)::text else 'primary' end as at`;
  const readSlowly = (from = replicas) => queryExactlyOne(from.next()!.fork(fork()), slowOnStandby);

  /** Until that statement is under way on the standby. */
  const underWay = () =>
    eventually(async () => {
      const { rows } = await standby.query(
        `select from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`,
      );
      expect(rows).toHaveLength(1);
    });

  test('in a conflict with what it replays: the primary answers, and it stays in use', async () => {
    const answer = readSlowly();
    await underWay();
    await query(fork(), sql`create table short_lived as select 1 as one`);
    await query(fork(), sql`delete from short_lived`);
    await query(fork(), sql`vacuum short_lived`);
    await query(fork(), sql`drop table short_lived`);
    expect(await answer).toEqual({ at: 'primary' });
    expect(replicas.next()).toBeDefined();
  });

  test('when its connections are ended: the primary answers', async () => {
    const answer = readSlowly();
    await underWay();
    await standby.query(`select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%'
      and pid <> pg_backend_pid()`);
    expect(await answer).toEqual({ at: 'primary' });
    await inUse();
  });

  test.each(['fast', 'immediate'] as const)(
    'stopped (%s) under way: answers go on; started, it is used again',
    async (mode) => {
      const player = await server.player();
      const asked = new AbortController();
      const answers: unknown[] = [];
      const ask = async (as: Player | null) => {
        while (!asked.signal.aborted) {
          const { status, errors } = await server.graphql(TITLE, {}, as);
          answers.push({ status, errors });
        }
      };
      const asking = Promise.all([ask(null), ask(null), ask(player)]);
      const slow = readSlowly();
      await underWay();
      await servers.stopStandby(mode);
      expect(await slow).toEqual({ at: 'primary' });
      await eventually(() => expect(logged.join()).toContain('it cannot be reached'));
      expect(replicas.next()).toBeUndefined();
      expect(await server.http.inject('/readyz')).toMatchObject({ statusCode: 200 });
      await servers.startStandby();
      await inUse();
      asked.abort();
      await asking;
      expect(answers).toEqual(answers.map(() => ({ status: 200, errors: undefined })));
      await eventually(async () => {
        standby = new Client({ connectionString: replicaUrl() });
        standby.on('error', () => undefined);
        await standby.connect();
      });
      await whilePaused(async () => expect(await readsFrom(null)).toBe('standby'));
    },
  );

  test('silent: what waits for it is answered by the primary; it is used again when it speaks', async () => {
    const { port } = new URL(replicaUrl());
    const proxy = await startProxy(Number(port));
    const behind = await open(database, [Object.assign(new URL(replicaUrl()), { port: proxy.port }).href]);
    await eventually(() => expect(behind.next()).toBeDefined());
    const answer = readSlowly(behind);
    await underWay();
    proxy.freeze();
    expect(await answer).toEqual({ at: 'primary' });
    expect(behind.next()).toBeUndefined();
    proxy.thaw();
    await eventually(() => expect(behind.next()).toBeDefined());
    proxy.freeze();
    await behind.close();
    proxy.close();
  });
});

describe('what is no fit replica', () => {
  /** Why the first of these is not in use. */
  const refusal = async (url: string): Promise<string> => {
    logged = [];
    const refused = await open(database, [url]);
    const reason = await eventually(() => {
      const reasons = logged
        .map((line) => JSON.parse(line).reason)
        .filter((text) => !/has not been reached/.test(text));
      expect(reasons).toHaveLength(1);
      return reasons[0];
    });
    expect(refused.next()).toBeUndefined();
    await refused.close();
    return reason;
  };

  test('the primary itself, another server, nobody', async () => {
    expect(await refusal(database.url!)).toBe('it is not a standby');
    expect(await refusal(ELSEWHERE)).toBe('it belongs to another server than DATABASE_URL');
    expect(await refusal('postgres://postgres@127.0.0.1:1/laurel')).toBe('it cannot be reached');
  });

  test('one that has fallen behind, until it has caught up', async () => {
    logged = [];
    const strict = await open(database, [replicaUrl()], 50);
    await eventually(() => expect(strict.next()).toBeDefined());
    await whilePaused(async () => {
      await eventually(() => expect(strict.next()).toBeUndefined());
      expect(logged.join()).toContain('it is too far behind');
      // Whoever starts now cannot know for how long it has been so.
      const late = await open(database, [replicaUrl()], Infinity);
      await eventually(() =>
        expect(logged.filter((line) => line.includes('too far behind')).length).toBeGreaterThan(1),
      );
      expect(late.next()).toBeUndefined();
      await late.close();
    });
    await eventually(() => expect(strict.next()).toBeDefined());
    await strict.close();
  });

  test('the log names a replica without its password', async () => {
    logged = [];
    const url = Object.assign(new URL('postgres://postgres@127.0.0.1:1/laurel'), { password: 'pass-of-the-test' });
    await refusal(url.href);
    expect(logged.join()).toContain('127.0.0.1:1/laurel');
    expect(logged.join()).not.toContain('pass-of-the-test');
  });
});

test('of several, anonymous callers read from each in turn, and a player from the same one', async () => {
  const two = await open(database, [replicaUrl(), replicaUrl()]);
  const [first, second] = await eventually(() => {
    const pair = [two.next(), two.next()];
    expect(new Set(pair).add(undefined).size).toBe(3);
    return pair;
  });
  expect([two.next(), two.next(), two.next()]).toEqual([first, second, first]);
  const id = '0193a5a0-0000-7000-8000-00000000000';
  expect(two.forPlayer(`${id}4`, 0n)).toBe(two.forPlayer(`${id}4`, 0n));
  expect(two.forPlayer(`${id}4`, 0n)).not.toBe(two.forPlayer(`${id}5`, 0n));
  await two.close();
});

describe('laurel serve', () => {
  test('tells of the pools of replicas as of one, beside that of the primary', async () => {
    const url = replicaUrl();
    const settings = {
      DATABASE_URL: database.url!,
      DATABASE_REPLICA_URLS: `${url},${url}`,
      PORT: '0',
      METRICS_PORT: '0',
    };
    const serving = new LaurelProcess(['serve'], { ...settings, DATABASE_POOL_SIZE: '7' });
    const address = await serving.address();
    await eventually(() => expect(serving.output.match(/is in use/g)).toHaveLength(2));
    await Promise.all([1, 2, 3, 4].map(() => postOnNewConnection(address, TITLE, {})));
    const [, metrics] = /"url":"(http:[^"]+)","msg":"Metrics are served"/.exec(serving.output) ?? [];
    const samples = samplesOf(await (await fetch(metrics!)).text());
    const told = (name: string, kind: string) =>
      valueOf(samples, `laurel_database_connections${name}`, { server: kind });
    expect([told('_max', 'primary'), told('_max', 'replica')]).toEqual([7, 14]);
    // Each has answered, and has kept its connection; those that look at the replicas are none of requests.
    expect(told('', 'replica')).toBeGreaterThanOrEqual(2);
    expect(told('', 'replica')).toBeLessThanOrEqual(4);
    expect(told('_waiting', 'replica')).toBe(0);
    serving.kill('SIGTERM');
    expect((await serving.finished).code).toBe(0);
  });

  test('reads from the replicas of its settings, in each worker, and stops as ever', async () => {
    const settings = { DATABASE_URL: database.url!, DATABASE_REPLICA_URLS: replicaUrl(), PORT: '0' };
    const serving = new LaurelProcess(['serve', '--workers', '2'], settings);
    const address = await serving.address();
    await eventually(() => expect(serving.output.match(/is in use/g)).toHaveLength(2));
    await whilePaused(async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => postOnNewConnection(address, TITLE, {})));
      expect(answers).toMatchObject(answers.map(() => ({ data: { leaderboard: { title: 'standby' } } })));
    });
    serving.kill('SIGTERM');
    expect((await serving.finished).code).toBe(0);
  });

  test('does not hang where its port is taken', async () => {
    const { port } = new URL(database.url!);
    const settings = { DATABASE_URL: database.url!, DATABASE_REPLICA_URLS: replicaUrl(), PORT: port };
    expect(await laurel(['serve'], settings)).toEqual({ code: 1, output: expect.stringContaining('EADDRINUSE') });
  });
});

/** Another server process in all but the process: nothing is shared but the databases. */
async function secondServer(): Promise<TestServer> {
  const own = await openDatabase({ databaseUrl: database.url, databasePoolSize: 8, dataDir: '' });
  const opened = { ...own, url: database.url, statements: [] };
  const second = await startTestServer({}, opened, await open(opened, [replicaUrl()]));
  await eventually(async () => expect(logged.filter((line) => line.includes('is in use')).length).toBe(2));
  return second;
}
