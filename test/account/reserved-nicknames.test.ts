import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ensureAdmin } from '../../src/account/admin.service.js';
import { query, sql } from '../../src/database/query.js';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.js';
import { errorsOf, REGISTER, row, UPDATE } from './support.js';

const RESERVED = [{ code: 'BAD_USER_INPUT', field: 'input.nickname' }];

let server: TestServer;
let registered = 0;
beforeAll(async () => {
  server = await startTestServer({ RESERVED_NICKNAMES: 'admin, Moderator, 관리자, Помощь' });
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

function register(nickname: string, to: TestServer = server) {
  registered += 1;
  const email = `reserved-${registered}@example.com`;
  return to.graphql(REGISTER, { input: { email, nickname, password: PASSWORD, birthDate: '2000-01-01' } });
}

describe('reserved nicknames', () => {
  test.each([
    'admin',
    'ADMIN',
    'Аdmin',
    'АDМІN',
    'adrnin',
    'Adm1n',
    'ａｄｍｉｎ',
    'moderator',
    'M0derat0r',
    '관리자',
    'ПОМОЩЬ',
  ])('%s is one', async (nickname) => {
    const answer = await register(nickname);
    expect(errorsOf(answer)).toEqual(RESERVED);
    expect(answer.errors![0]!.message).toBe('This nickname is reserved.');
    const change = await server.graphql(UPDATE, { input: { nickname } }, await server.player());
    expect(errorsOf(change)).toEqual(RESERVED);
  });

  test.each(['admin 2', 'administrator', 'staff'])('%s is none', async (nickname) => {
    expect(errorsOf(await register(nickname))).toEqual([]);
  });

  test('whoever has one keeps it', async () => {
    const player = await server.player('holder');
    await query(em(), sql`update users set nickname = 'Moderator' where id = ${player.id}`);
    const same = await server.graphql(UPDATE, { input: { nickname: 'Moderator', timeZone: 'Asia/Seoul' } }, player);
    expect(errorsOf(same)).toEqual([]);
    expect(errorsOf(await server.graphql(UPDATE, { input: { nickname: 'moderator' } }, player))).toEqual(RESERVED);
  });

  test('a comma alone leaves every nickname to players', async () => {
    const open = await startTestServer({ RESERVED_NICKNAMES: ',' });
    try {
      expect(errorsOf(await register('Support', open))).toEqual([]);
    } finally {
      await open.close();
    }
  });

  test('the admin of the settings may have one', async () => {
    const admin = { email: 'boss@example.com', nickname: 'Admin', password: PASSWORD, birthDate: '1990-01-02' };
    const { id } = (await ensureAdmin(em(), admin))!;
    expect(await row(server, sql`select nickname, role from users where id = ${id}`)).toEqual({
      nickname: 'Admin',
      role: 'admin',
    });
  });
});
