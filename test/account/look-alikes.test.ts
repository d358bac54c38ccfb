import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { scrubAccounts } from '../../src/account/housekeeping.job.js';
import { query, sql } from '../../src/database/query.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { asPlayer, errorsOf, REGISTER, row, UPDATE } from './support.js';

const TAKEN = [{ code: 'CONFLICT', reason: 'NICKNAME_TAKEN', field: 'input.nickname' }];

let server: TestServer;
let registered = 0;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

function register(nickname: string) {
  registered += 1;
  const email = `look-${registered}@example.com`;
  return server.graphql(REGISTER, { input: { email, nickname, password: PASSWORD, birthDate: '2000-01-01' } });
}

async function playerCalled(nickname: string): Promise<Player> {
  return asPlayer((await register(nickname)).data.register);
}

describe('a nickname that looks like another', () => {
  test.each([
    ['Paul', ['PauI', 'рaul', 'Рaul', 'pau1', 'PAU|', 'ＰａｕＩ', '𝐏aul', 'Pаul']],
    ['Bob', ['B0b', 'ВOВ', 'b०b', 'boЬ']],
    ['max', ['rnax', 'ＭＡＸ', 'МАХ', 'mах']],
    ['Mina', ['ΜΙΝΑ', 'MІNА', 'mιna', 'rnina', 'Mlna']],
    ['Ivan Lee', ['lvan\u00a0Lee', 'Іvan Lee', 'IVAN LEE']],
    ['Наташа', ['Haташа', 'Нaтaшa', 'НАТАША']],
    ['❤️ jo', ['❤ jo', '❤️ јo']],
  ])('%s: refused as if it were taken', async (nickname, others) => {
    expect(errorsOf(await register(nickname))).toEqual([]);
    for (const other of others) {
      const answer = await register(other);
      expect([other, errorsOf(answer)]).toEqual([other, TAKEN]);
      expect(answer.errors![0]!.message).toBe("This nickname is too much like another player's.");
    }
  });

  test('gets the very answer that the same nickname gets', async () => {
    await register('Carol');
    const [same, alike] = [await register('CAROL'), await register('Саrol')];
    expect(alike.errors).toEqual(same.errors);
  });

  test.each([
    ['Ann', 'Anna'],
    ['Dora', 'Flora'],
    ['철수', '영희'],
    ['Olga', 'Олег'],
  ])('%s and %s do not', async (nickname, other) => {
    expect(errorsOf(await register(nickname))).toEqual([]);
    expect(errorsOf(await register(other))).toEqual([]);
  });

  test('is refused in a change, but for one of the own', async () => {
    const [player, other] = [await playerCalled('Quinn'), await playerCalled('Robin')];
    const rename = (nickname: string) => server.graphql(UPDATE, { input: { nickname } }, player);
    expect(errorsOf(await rename('RОbin'))).toEqual(TAKEN);
    expect(errorsOf(await rename('Ԛuinn'))).toEqual([]);
    await server.graphql(UPDATE, { input: { nickname: 'gone on' } }, other);
    expect(errorsOf(await rename('RОbin'))).toEqual([]);
  });
});

describe('a player who was there with one', () => {
  async function kept(first: string, second: string) {
    const [player, other] = [await playerCalled(first), await server.player()];
    await query(em(), sql`update users set nickname = ${second}, look_alike_kept = true where id = ${other.id}`);
    return { player, other: { ...other, nickname: second } };
  }

  test('keeps it as it is, and gives it up with a change', async () => {
    const { other } = await kept('Stella', 'SteIIa');
    const change = (nickname: string) =>
      server.graphql(UPDATE, { input: { nickname, pictureUrl: 'https://example.com/a.png' } }, other);
    expect(errorsOf(await change('SteIIa'))).toEqual([]);
    expect(errorsOf(await change('STEIIA'))).toEqual(TAKEN);
    expect(errorsOf(await change('Ursula'))).toEqual([]);
    expect(errorsOf(await change('SteIIa'))).toEqual(TAKEN);
    expect(errorsOf(await register('UrsuIa'))).toEqual(TAKEN);
  });

  test('does not stand in the way of the other', async () => {
    const { player } = await kept('Lola', 'LoIa');
    const answer = await server.graphql(UPDATE, { input: { nickname: 'LOLA' } }, player);
    expect(errorsOf(answer)).toEqual([]);
  });
});

test('accounts that were deleted for good leave their nicknames to others', async () => {
  const player = await playerCalled('Viktor');
  await query(em(), sql`update users set deleted_at = now() - interval '40 days' where id = ${player.id}`);
  expect(errorsOf(await register('Vіktor'))).toEqual(TAKEN);
  await scrubAccounts(em(), 30);
  expect(
    await row(server, sql`select nickname, nickname_skeleton as skeleton from users where id = ${player.id}`),
  ).toEqual({ nickname: `deleted-${player.id}`, skeleton: null });
  expect(errorsOf(await register('Vіktor'))).toEqual([]);
});
