import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Scope } from '../../src/admin/scope.js';
import { newId } from '../../src/shared/ids.js';
import { DELETE, errorsOf, promote } from '../account/support.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { logOf, SET_ROLE, suspend, SUSPENSIONS } from './moderation-support.js';
import { makeKey, withKey } from './support.js';

let server: TestServer;
let admin: Player;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.player('admin');
  await promote(server, admin);
});
afterAll(() => server.close());

const setRole = (userId: string, role: string, as: Player | 'service' | null) =>
  server.graphql(SET_ROLE, { input: { userId, role } }, as);
const isAdmin = async (player: Player) => (await server.graphql(SUSPENSIONS, {}, player)).errors === undefined;

describe('setRole', () => {
  test('makes an admin from the next request on, and a player again', async () => {
    const player = await server.player();
    expect(await isAdmin(player)).toBe(false);
    const { data } = await setRole(player.id.toUpperCase(), 'ADMIN', admin);
    expect(data.setRole.user).toEqual({ id: player.id, account: { role: 'ADMIN' } });
    expect(await isAdmin(player)).toBe(true);
    expect((await setRole(player.id, 'USER', player)).errors).toBeUndefined();
    expect(await isAdmin(player)).toBe(false);
    expect(await logOf(server, player.id)).toEqual([
      { action: 'ROLE_SET', actorKind: 'ADMIN', actorId: player.id, details: { role: 'USER' } },
      { action: 'ROLE_SET', actorKind: 'ADMIN', actorId: admin.id, details: { role: 'ADMIN' } },
    ]);
  });

  test('repeated, changes nothing and is logged once', async () => {
    const player = await server.player();
    for (let time = 0; time < 3; time += 1) {
      expect((await setRole(player.id, 'ADMIN', admin)).errors).toBeUndefined();
    }
    expect(await logOf(server, player.id)).toHaveLength(1);
    await setRole(player.id, 'USER', admin);
  });

  test('takes what admins do from the rest of the request as well', async () => {
    const other = await server.player();
    await setRole(other.id, 'ADMIN', admin);
    const { data, errors } = await server.graphql(
      `mutation ($id: ID!) {
        a: setRole(input: { userId: $id, role: USER }) { user { id } }
        b: createLeaderboard(input: { slug: "too-late" }) { leaderboard { slug } }
        c: deletePost(id: $id) { postId }
      }`,
      { id: other.id },
      other,
    );
    expect(data).toEqual({ a: { user: { id: other.id } }, b: null, c: null });
    expect((errors ?? []).map(({ extensions }) => extensions?.['code'])).toEqual(['FORBIDDEN', 'NOT_FOUND']);
  });

  test('leaves an admin', async () => {
    const refusal = [{ code: 'CONFLICT', reason: 'LAST_ADMIN', field: 'input.userId' }];
    expect(errorsOf(await setRole(admin.id, 'USER', admin))).toEqual(refusal);
    expect(errorsOf(await setRole(admin.id, 'USER', 'service'))).toEqual(refusal);
    // One who is suspended is none to be left with.
    const other = await server.player();
    await setRole(other.id, 'ADMIN', admin);
    await suspend(server, admin, other.id);
    expect(errorsOf(await setRole(admin.id, 'USER', admin))).toEqual(refusal);
    expect(await isAdmin(admin)).toBe(true);
    expect(await logOf(server, admin.id)).toEqual([]);
  });

  test('is for admins, and for keys with that scope', async () => {
    const player = await server.player();
    expect(errorsOf(await setRole(player.id, 'ADMIN', null))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsOf(await setRole(player.id, 'ADMIN', player))).toEqual([{ code: 'FORBIDDEN' }]);
    const { key } = await makeKey(server, [Scope.USERS_READ, Scope.SCORES_WRITE]);
    const refused = await withKey(server, key, SET_ROLE, { input: { userId: player.id, role: 'ADMIN' } });
    expect(errorsOf(refused)).toEqual([{ code: 'FORBIDDEN' }]);
    expect(await isAdmin(player)).toBe(false);
  });

  test('knows nobody who is not there', async () => {
    const deleted = await server.player();
    await server.graphql(DELETE, { input: { password: PASSWORD } }, deleted);
    const suspended = await server.player();
    await suspend(server, admin, suspended.id);
    for (const id of [newId(), 'x', deleted.id, suspended.id]) {
      expect(errorsOf(await setRole(id, 'ADMIN', admin))).toEqual([{ code: 'NOT_FOUND', field: 'input.userId' }]);
    }
  });
});
