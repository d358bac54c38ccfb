import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { dateIn } from '../../src/shared/calendar.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { errorsOf, UPDATE } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ SEASON_TIME_ZONE: 'America/Sao_Paulo' });
});
afterAll(() => server.close());

const update = (as: Player | 'service' | null, input: Record<string, unknown>) => server.graphql(UPDATE, { input }, as);

describe('updateProfile', () => {
  test('changes what is named and leaves the rest; null clears', async () => {
    const player = await server.player();
    const full = {
      nickname: 'renamed',
      pictureUrl: 'https://example.com/나.png',
      birthDate: '1999-12-31',
      timeZone: 'Asia/Seoul',
    };
    const { nickname, pictureUrl, birthDate, timeZone } = full;
    const first = await update(player, full);
    expect(first.data.updateProfile.user).toEqual({
      id: player.id,
      nickname,
      pictureUrl,
      account: { birthDate, timeZone },
    });
    const second = await update(player, { nickname: 'renamed again' });
    expect(second.data.updateProfile.user).toMatchObject({
      nickname: 'renamed again',
      pictureUrl,
      account: { birthDate, timeZone },
    });
    const third = await update(player, { pictureUrl: null, birthDate: null, timeZone: null });
    expect(third.data.updateProfile.user).toEqual({
      id: player.id,
      nickname: 'renamed again',
      pictureUrl: null,
      account: { birthDate: null, timeZone: 'America/Sao_Paulo' },
    });
  });

  test('with nothing to change answers with what stands', async () => {
    const player = await server.player();
    const answer = await update(player, {});
    expect(answer.data.updateProfile.user).toMatchObject({ id: player.id, nickname: player.nickname });
  });

  test('a nickname cannot be cleared, and nothing else is written', async () => {
    const player = await server.player();
    const answer = await update(player, { nickname: null, pictureUrl: 'https://example.com/' });
    expect(errorsOf(answer)).toEqual([{ code: 'BAD_USER_INPUT', field: 'input.nickname' }]);
    expect((await server.graphql('{ viewer { pictureUrl } }', {}, player)).data.viewer).toEqual({ pictureUrl: null });
  });

  test('literals with null clear as variables do', async () => {
    const player = await server.player('x', { timeZone: 'Asia/Seoul' });
    const answer = await server.graphql(
      `mutation { updateProfile(input: { timeZone: null }) { user { account { timeZone birthDate } } } }`,
      {},
      player,
    );
    expect(answer.data.updateProfile.user.account).toEqual({ timeZone: 'America/Sao_Paulo', birthDate: '2000-01-01' });
  });

  test('a nickname that another player has is a conflict, and nothing else is written', async () => {
    const [player, other] = [await server.player(), await server.player()];
    const answer = await update(player, { nickname: other.nickname.toUpperCase(), pictureUrl: 'https://example.com/' });
    expect(errorsOf(answer)).toEqual([{ code: 'CONFLICT', reason: 'NICKNAME_TAKEN', field: 'input.nickname' }]);
    const { data } = await server.graphql('{ viewer { nickname pictureUrl } }', {}, player);
    expect(data.viewer).toEqual({ nickname: player.nickname, pictureUrl: null });
  });

  test("a player's own nickname in another case is free", async () => {
    const player = await server.player();
    const nickname = player.nickname.toUpperCase();
    expect((await update(player, { nickname })).data.updateProfile.user.nickname).toBe(nickname);
    expect((await update(player, { nickname })).errors).toBeUndefined();
  });

  test('a rename shows in the same request, and frees the old name', async () => {
    const player = await server.player();
    const answer = await server.graphql(
      `mutation {
        before: updateProfile(input: {}) { user { nickname } }
        updateProfile(input: { nickname: "fresh name" }) { user { nickname } }
        after: updateProfile(input: {}) { user { nickname } }
      }`,
      {},
      player,
    );
    expect(answer.data).toEqual({
      before: { user: { nickname: player.nickname } },
      updateProfile: { user: { nickname: 'fresh name' } },
      after: { user: { nickname: 'fresh name' } },
    });
    expect((await server.player('x', { nickname: player.nickname })).nickname).toBe(player.nickname);
  });

  test('of two who want one nickname at once, one gets it', async () => {
    const players = [await server.player(), await server.player()];
    const answers = await Promise.all([
      update(players[0]!, { nickname: 'wanted' }),
      update(players[1]!, { nickname: 'WANTED' }),
    ]);
    expect(answers.flatMap(errorsOf)).toEqual([
      { code: 'CONFLICT', reason: 'NICKNAME_TAKEN', field: 'input.nickname' },
    ]);
  });

  test('what an account carries over stays as long as it is not changed', async () => {
    const player = await server.player();
    const odd = { nickname: '\u200bx', email: 'no email', zone: 'Asia/Seoul', url: 'ftp://old.example.com/a b' };
    await query(
      server.database.orm.em.fork(),
      sql`update users set nickname = ${odd.nickname}, email = ${odd.email}, picture_url = ${odd.url},
        birth_date = '2999-01-01' where id = ${player.id}`,
    );
    const { data } = await update(player, { timeZone: odd.zone });
    expect(data.updateProfile.user).toEqual({
      id: player.id,
      nickname: odd.nickname,
      pictureUrl: odd.url,
      account: { birthDate: '2999-01-01', timeZone: odd.zone },
    });
    const viewer = await server.graphql('{ viewer { account { email } } }', {}, player);
    expect(viewer.data.viewer.account.email).toBe('no email');
  });

  test('takes a signed-in user', async () => {
    expect(errorsOf(await update(null, {}))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsOf(await update('service', {}))).toEqual([{ code: 'FORBIDDEN' }]);
  });

  test("a birth date may be today's in the player's zone and no later", async () => {
    // Kiritimati is 24 to 26 hours ahead of Midway: it is never the same day in both.
    const [ahead, behind] = ['Pacific/Kiritimati', 'Pacific/Midway'];
    const date = dateIn(ahead, new Date());
    const refused = [{ code: 'BAD_USER_INPUT', field: 'input.birthDate' }];
    const player = await server.player('x', { timeZone: ahead });
    expect((await update(player, { birthDate: date })).errors).toBeUndefined();
    expect(errorsOf(await update(player, { birthDate: date, timeZone: behind }))).toEqual(refused);
    expect((await update(player, { timeZone: behind })).errors).toBeUndefined();
    expect(errorsOf(await update(player, { birthDate: date }))).toEqual(refused);
    expect((await update(player, { birthDate: date, timeZone: ahead })).errors).toBeUndefined();
  });
});
