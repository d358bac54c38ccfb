import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApiKey, listApiKeys, revokeApiKey } from '../../src/admin/api-key.service.js';
import { type ActorKind, OPERATOR } from '../../src/admin/audit-log.type.js';
import { ALL_SCOPES, Scope } from '../../src/admin/scope.js';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import { errorsOf, VIEWER } from '../account/support.js';
import { API_KEY, type Player, startTestServer, type TestServer } from '../support/server.js';
import { makeKey, withKey } from './support.js';

const SUBMIT = `mutation ($id: ID!) { submitScore(input: { userId: $id, score: 1 }) { score { id } } }`;
const SUBMIT_MANY = `mutation ($id: ID!) { submitScores(input: { scores: [{ userId: $id, score: 1 }] }) { results { score { id } } } }`;
const PRIVATE = `query ($id: ID!) { user(id: $id) { account { email } friends(first: 1) { totalCount } scores(first: 1) { totalCount }
  visits(from: "2026-01-01", to: "2026-01-02") { date } visitStreak { current } } }`;
const ACTIVE = `{ activeUsers(from: "2026-01-01", to: "2026-01-02") { date } }`;
const AUDIT = `{ auditLog(first: 1) { nodes { id } } }`;

let server: TestServer;
let player: Player;
beforeAll(async () => {
  server = await startTestServer();
  player = await server.player();
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const codesOf = async (key: string, source: string) => {
  const answer = await withKey(server, key, source, { id: player.id });
  return errorsOf(answer).map(({ code }) => code);
};
const stored = (id: string) =>
  queryExactlyOne(
    em(),
    sql<{ hash: string; everything: string; age: number | null }>`select encode(key_hash, 'hex') as hash,
      api_keys::text as everything, extract(epoch from now() - last_used_at)::float8 as age
      from api_keys where id = ${id}`,
  );

describe('a key', () => {
  test.each([
    [[Scope.SCORES_WRITE], { scores: true, users: false, admin: false }],
    [[Scope.USERS_READ], { scores: false, users: true, admin: false }],
    [[Scope.SCORES_WRITE, Scope.USERS_READ], { scores: true, users: true, admin: false }],
    [[Scope.ADMIN], { scores: true, users: true, admin: true }],
  ])('with %j may do that, and no more', async (scopes, may) => {
    const { key } = await makeKey(server, scopes);
    const refused = (allowed: boolean) => (allowed ? [] : ['FORBIDDEN']);
    for (const submit of [SUBMIT, SUBMIT_MANY]) {
      expect(await codesOf(key, submit)).toEqual(refused(may.scores));
    }
    expect(await codesOf(key, ACTIVE)).toEqual(refused(may.users));
    expect(await codesOf(key, AUDIT)).toEqual(refused(may.admin));
    const { data, errors } = await withKey(server, key, PRIVATE, { id: player.id });
    expect(errors).toBeUndefined();
    expect(Object.values(data.user).map((value) => value !== null)).toEqual(Array.from({ length: 5 }, () => may.users));
  });

  test('of the setting may do everything', async () => {
    for (const source of [SUBMIT, SUBMIT_MANY, ACTIVE, AUDIT, PRIVATE]) {
      expect(await codesOf(API_KEY, source)).toEqual([]);
    }
  });

  test('is nobody who has signed in, whatever its scopes', async () => {
    const { key } = await makeKey(server, ALL_SCOPES);
    expect((await withKey(server, key, VIEWER)).data).toEqual({ viewer: null });
    expect(await codesOf(key, 'mutation { recordVisit { visit { count } } }')).toEqual(['FORBIDDEN']);
  });

  test('is stored as a hash alone', async () => {
    const { id, key, prefix } = await makeKey(server, [Scope.USERS_READ]);
    expect(key).toMatch(/^laurel_[\w-]{43}$/);
    expect(key.startsWith(prefix)).toBe(true);
    expect(prefix.length).toBeLessThan(key.length / 3);
    const { hash, everything } = await stored(id);
    expect(hash).toBe(createHash('sha256').update(key).digest('hex'));
    expect(everything).not.toContain(key.slice(prefix.length));
  });

  test('that is revoked is refused at once, and so is one that has expired', async () => {
    const revoked = await makeKey(server, ALL_SCOPES, 90);
    const expired = await makeKey(server, ALL_SCOPES, 90);
    expect(await codesOf(revoked.key, VIEWER)).toEqual([]);
    expect(await codesOf(expired.key, VIEWER)).toEqual([]);
    await revokeApiKey(em(), OPERATOR, revoked.id);
    await query(em(), sql`update api_keys set expires_at = now() where id = ${expired.id}`);
    expect(await codesOf(revoked.key, VIEWER)).toEqual(['UNAUTHENTICATED']);
    expect(await codesOf(expired.key, VIEWER)).toEqual(['UNAUTHENTICATED']);
  });

  test('that was never made is refused, and its hash is no key', async () => {
    const { id, key } = await makeKey(server, ALL_SCOPES);
    const { hash } = await stored(id);
    for (const wrong of [`laurel_${'A'.repeat(43)}`, `${key}A`, key.slice(0, -1), key.toUpperCase(), hash, 'laurel_']) {
      expect(await codesOf(wrong, VIEWER)).toEqual(['UNAUTHENTICATED']);
    }
  });

  test('holds where the setting is left out', async () => {
    const keyless = await startTestServer({ API_KEY: '' });
    try {
      const { key } = await makeKey(keyless, [Scope.USERS_READ]);
      expect((await withKey(keyless, key, ACTIVE)).errors).toBeUndefined();
    } finally {
      await keyless.close();
    }
  });

  test('notes its use, at most once a minute', async () => {
    const { id, key } = await makeKey(server, [Scope.USERS_READ]);
    const used = async (secondsAgo: number) => {
      await query(
        em(),
        sql`update api_keys set last_used_at = now() - make_interval(secs => ${secondsAgo}) where id = ${id}`,
      );
      await codesOf(key, VIEWER);
      return (await stored(id)).age!;
    };
    expect((await stored(id)).age).toBeNull();
    await codesOf(key, VIEWER);
    expect((await stored(id)).age).not.toBeNull();
    const [moments, minutes] = [await used(50), await used(3600)];
    expect(moments).toBeGreaterThanOrEqual(50);
    expect(minutes).toBeLessThan(3600);
  });
});

describe('the keys', () => {
  test('are listed newest first, without anything to sign in with', async () => {
    const first = await makeKey(server, [Scope.USERS_READ]);
    const second = await makeKey(server, [Scope.SCORES_WRITE], 1);
    const [newest, next] = await listApiKeys(em());
    const { key: _first, ...firstRow } = first;
    const { key, ...secondRow } = second;
    expect([newest, next]).toEqual([secondRow, firstRow]);
    expect(JSON.stringify(newest)).not.toContain(key);
    expect(firstRow.expiresAt).toBeNull();
    expect(secondRow.expiresAt).not.toBeNull();
  });

  test('are revoked once: repeated, and at the same time, it is one entry of the log', async () => {
    const { id } = await makeKey(server, ALL_SCOPES);
    const revoked = await Promise.all([1, 2, 3].map(() => revokeApiKey(em(), OPERATOR, id)));
    const again = await revokeApiKey(em(), OPERATOR, id.toUpperCase());
    expect(new Set([...revoked, again].map(({ revokedAt }) => revokedAt)).size).toBe(1);
    const entries = await query(em(), sql`select action from audit_log where target_id = ${id} order by at, id`);
    expect(entries).toEqual([{ action: 'API_KEY_CREATED' }, { action: 'API_KEY_REVOKED' }]);
  });

  test.each([newId(), 'x', ''])('do not have one with the id %j to revoke', async (id) => {
    await expect(revokeApiKey(em(), OPERATOR, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('are neither made nor revoked without an entry of the log', async () => {
    const { id, key } = await makeKey(server, ALL_SCOPES);
    const before = await listApiKeys(em());
    // Nobody of that kind can be logged.
    const nobody = { kind: 'NOBODY' as ActorKind, id: null };
    await expect(revokeApiKey(em(), nobody, id)).rejects.toThrow('audit_log_actor_kind_check');
    await expect(
      createApiKey(em(), nobody, { name: 'unlogged', scopes: ALL_SCOPES, expiresInDays: null }),
    ).rejects.toThrow('audit_log_actor_kind_check');
    expect(await listApiKeys(em())).toEqual(before);
    expect(await codesOf(key, VIEWER)).toEqual([]);
  });
});
