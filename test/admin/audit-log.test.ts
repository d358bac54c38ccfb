import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revokeApiKey } from '../../src/admin/api-key.service.js';
import { OPERATOR } from '../../src/admin/audit-log.type.js';
import { Scope } from '../../src/admin/scope.js';
import { query, sql } from '../../src/database/query.js';
import { errorsOf, promote } from '../account/support.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { makeKey, withKey } from './support.js';

const READ = `query ($first: Int, $after: String, $action: AuditAction, $targetId: ID) {
  auditLog(first: $first, after: $after, action: $action, targetId: $targetId) {
    edges { cursor node { id } }
    nodes { id at actorKind actorId action targetId details }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;

let server: TestServer;
let admin: Player;
let player: Player;
/** The ids of keys, in the order in which they were made. */
let keys: { id: string; prefix: string }[];
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.player('admin');
  player = await server.player();
  await promote(server, admin);
  keys = [await makeKey(server, [Scope.USERS_READ]), await makeKey(server, [Scope.SCORES_WRITE, Scope.ADMIN], 30)];
  await revokeApiKey(em(), OPERATOR, keys[0]!.id);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const read = async (variables: Record<string, unknown> = {}) => {
  const { data, errors } = await server.graphql(READ, variables, admin);
  expect(errors).toBeUndefined();
  return data.auditLog;
};
const toldOf = ({ nodes }: { nodes: { action: string; targetId: string }[] }) =>
  nodes.map(({ action, targetId }) => [action, targetId]);

describe('the audit log', () => {
  test('tells who has done what and when, newest first', async () => {
    const [first, second] = keys;
    const { nodes } = await read();
    const by = { id: expect.any(String), at: expect.stringMatching(/Z$/), actorKind: 'OPERATOR', actorId: null };
    expect(nodes).toEqual([
      { ...by, action: 'API_KEY_REVOKED', targetId: first!.id, details: { prefix: first!.prefix } },
      {
        ...by,
        action: 'API_KEY_CREATED',
        targetId: second!.id,
        details: { prefix: second!.prefix, scopes: ['scores:write', 'admin'], expiresAt: expect.stringMatching(/Z$/) },
      },
      {
        ...by,
        action: 'API_KEY_CREATED',
        targetId: first!.id,
        details: { prefix: first!.prefix, scopes: ['users:read'], expiresAt: null },
      },
    ]);
  });

  test('is read by page, and each entry once', async () => {
    const whole = await read();
    const pages = [];
    let after: string | null = null;
    do {
      const { nodes, pageInfo } = await read({ first: 1, after });
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      pages.push(...nodes);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(pages).toEqual(whole.nodes);
  });

  test('is read by action and by target', async () => {
    const [first, second] = keys;
    expect(toldOf(await read({ action: 'API_KEY_REVOKED' }))).toEqual([['API_KEY_REVOKED', first!.id]]);
    expect(toldOf(await read({ targetId: first!.id.toUpperCase() }))).toEqual([
      ['API_KEY_REVOKED', first!.id],
      ['API_KEY_CREATED', first!.id],
    ]);
    expect(toldOf(await read({ targetId: second!.id, action: 'API_KEY_REVOKED' }))).toEqual([]);
    expect(toldOf(await read({ targetId: 'nothing' }))).toEqual([]);
  });

  test.each([
    ['a page of none', { first: 0 }, 'first'],
    ['a page too large', { first: 101 }, 'first'],
    ['what is no cursor', { after: 'x' }, 'after'],
  ])('refuses %s', async (_what, variables, field) => {
    const answer = await server.graphql(READ, variables, admin);
    expect(errorsOf(answer)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
  });

  test("refuses another list's cursor", async () => {
    const { edges } = await read({ first: 1 });
    const answer = await server.graphql(READ, { after: edges[0].cursor, action: 'API_KEY_CREATED' }, admin);
    expect(errorsOf(answer)).toEqual([{ code: 'BAD_USER_INPUT', field: 'after' }]);
  });

  test('is for admins and for keys with that scope alone', async () => {
    expect(errorsOf(await server.graphql(READ))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsOf(await server.graphql(READ, {}, player))).toEqual([{ code: 'FORBIDDEN' }]);
    const reader = await makeKey(server, [Scope.USERS_READ, Scope.SCORES_WRITE]);
    expect(errorsOf(await withKey(server, reader.key, READ))).toEqual([{ code: 'FORBIDDEN' }]);
    const keyOfAdmin = await makeKey(server, [Scope.ADMIN]);
    expect((await withKey(server, keyOfAdmin.key, READ)).errors).toBeUndefined();
    expect((await server.graphql(READ, {}, 'service')).errors).toBeUndefined();
  });

  test.each([
    ['changed', sql`update audit_log set action = 'x'`],
    ['changed where there is nothing', sql`update audit_log set action = 'x' where false`],
    ['deleted', sql`delete from audit_log`],
    ['emptied', sql`truncate audit_log`],
    [
      'written over',
      sql`insert into audit_log (id, actor_kind, action, target_id, details)
        select id, actor_kind, action, target_id, details from audit_log
        on conflict (id) do update set action = 'x'`,
    ],
  ])('cannot be %s, not even by the owner of the table', async (_what, statement) => {
    const before = await read({ first: 100 });
    await expect(query(em(), statement)).rejects.toThrow('only ever added to');
    await expect(
      em().transactional(async (transaction) => {
        // Switches ordinary triggers off.
        await query(transaction, sql`set local session_replication_role = replica`);
        await query(transaction, statement);
      }),
    ).rejects.toThrow('only ever added to');
    expect(await read({ first: 100 })).toEqual(before);
  });
});
