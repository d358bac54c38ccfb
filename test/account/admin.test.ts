import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ensureAdmin } from '../../src/account/admin.service.js';
import { ConfigError } from '../../src/config/config-error.js';
import { query, sql } from '../../src/database/query.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { DELETE, errorsOf, LOGIN, promote, row } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

let count = 0;
const settings = (change = {}) => {
  count += 1;
  return {
    email: `Admin.${count}@example.com`,
    nickname: `admin ${count}`,
    password: 'an admin password',
    birthDate: '1990-01-02',
    ...change,
  };
};
const ensure = async (admin: ReturnType<typeof settings>) => (await ensureAdmin(server.database.orm.em.fork(), admin))!;
/** As whoever reads the address would. */
const confirm = (player: Player) =>
  query(server.database.orm.em.fork(), sql`update users set email_verified_at = now() where id = ${player.id}`);
const read = (id: string) =>
  row<Record<string, unknown>>(
    server,
    sql`select email, nickname, password_hash, birth_date, role, updated_at, deleted_at from users where id = ${id}`,
  );

describe('ensureAdmin', () => {
  test('makes an admin who can sign in', async () => {
    const admin = settings();
    const { id, created } = await ensure(admin);
    expect(created).toBe(true);
    const { data } = await server.graphql(LOGIN, { input: { email: admin.email, password: admin.password } });
    const answer = await server.graphql(
      '{ viewer { id nickname account { email birthDate role timeZone } } }',
      {},
      null,
      { authorization: `Bearer ${data.login.accessToken}` },
    );
    expect(answer.data.viewer).toEqual({
      id,
      nickname: admin.nickname,
      account: { email: admin.email, birthDate: '1990-01-02', role: 'ADMIN', timeZone: 'UTC' },
    });
  });

  test('again, changes nothing, not even the time of the last change', async () => {
    const admin = settings();
    const { id } = await ensure(admin);
    const before = await read(id);
    expect(await ensure(admin)).toEqual({ id, created: false });
    const other = settings({ email: admin.email.toUpperCase(), password: 'another password' });
    expect(await ensure(other)).toEqual({ id, created: false });
    expect(await read(id)).toEqual(before);
  });

  test('makes an account with that email an admin and leaves the rest of it', async () => {
    const player = await server.player();
    await confirm(player);
    const before = await read(player.id);
    expect(await ensure(settings({ email: player.email.toUpperCase() }))).toEqual({ id: player.id, created: false });
    expect(await read(player.id)).toEqual({ ...before, role: 'admin', updated_at: expect.anything() });
    expect(
      (await server.graphql(LOGIN, { input: { email: player.email, password: PASSWORD } })).errors,
    ).toBeUndefined();
  });

  test('leaves an account alone whose address nobody has confirmed: anybody can have registered with it', async () => {
    const squatter = await server.player();
    const before = await read(squatter.id);
    expect(await ensure(settings({ email: squatter.email }))).toBeUndefined();
    expect(await read(squatter.id)).toEqual(before);
  });

  test('does so although the nickname in the settings is another player’s by now', async () => {
    const [player, other] = [await server.player(), await server.player()];
    await confirm(player);
    const admin = settings({ email: player.email, nickname: other.nickname });
    expect(await ensure(admin)).toEqual({ id: player.id, created: false });
  });

  test('a nickname that is taken, in any case, names the setting and writes nothing', async () => {
    const player = await server.player();
    const admin = settings({ nickname: player.nickname.toUpperCase() });
    const error = await ensure(admin).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toEqual([
      `ADMIN_NICKNAME: another player has the nickname ${admin.nickname}, or one that looks too much like it`,
    ]);
    const { found } = await row<{ found: number }>(
      server,
      sql`select count(*)::int as found from users where email = ${admin.email}`,
    );
    expect(found).toBe(0);
  });

  test('an email of a deleted account names the setting and brings nobody back', async () => {
    const player = await server.player();
    await server.graphql(DELETE, { input: { password: PASSWORD } }, player);
    const before = await read(player.id);
    await expect(ensure(settings({ email: player.email }))).rejects.toThrow(
      /ADMIN_EMAIL: belongs to a deleted account/,
    );
    expect(await read(player.id)).toEqual(before);
  });

  test('tells the audit log what it has changed, once', async () => {
    const logged = async (id: string) => {
      const { actions } = await row<{ actions: string[] }>(
        server,
        sql`select coalesce(array_agg(actor_kind || ' ' || action), '{}') as actions from audit_log where target_id = ${id}`,
      );
      return actions;
    };
    const made = settings();
    const { id } = await ensure(made);
    await ensure(made);
    expect(await logged(id)).toEqual(['OPERATOR ADMIN_CREATED']);
    const player = await server.player();
    await confirm(player);
    await ensure(settings({ email: player.email }));
    await ensure(settings({ email: player.email }));
    expect(await logged(player.id)).toEqual(['OPERATOR ROLE_SET']);
  });

  test('several at once make one admin', async () => {
    const admin = settings();
    const made = await Promise.all([1, 2, 3, 4, 5].map(() => ensure(admin)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
  });
});

test('an admin demoted by hand stops being one at once', async () => {
  const [admin, player] = [await server.player(), await server.player()];
  const look = () =>
    server.graphql('query ($id: ID!) { user(id: $id) { account { email } } }', { id: player.id }, admin);
  await promote(server, admin);
  expect((await look()).data.user.account).toEqual({ email: player.email });
  await query(server.database.orm.em.fork(), sql`update users set role = 'user' where id = ${admin.id}`);
  const answer = await look();
  expect(answer.data.user.account).toBeNull();
  expect(errorsOf(answer)).toEqual([]);
});
