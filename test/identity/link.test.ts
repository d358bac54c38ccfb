import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { errorsOf, row } from '../account/support.js';
import type { Player } from '../support/server.js';
import { COMPLETE_LINK, GAME, LINK, type SignInServer, startSignInServer, UNLINK } from './support.js';

let server: SignInServer;
beforeAll(async () => {
  server = await startSignInServer();
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const link = (as: Player | 'service' | null, provider = 'one', returnUrl = GAME) =>
  server.graphql(LINK, { provider, returnUrl }, as);
const finish = (as: Player | null, code: string) => server.graphql(COMPLETE_LINK, { code }, as);
const unlink = (as: Player | 'service' | null, id: string) => server.graphql(UNLINK, { id }, as);
const identitiesOf = async (player: Player) => (await server.account(player)).account.identities;
const UNAUTHENTICATED = [{ code: 'UNAUTHENTICATED' }];
const REFUSED_CODE = [{ code: 'BAD_USER_INPUT', field: 'code' }];

/** Links somebody's identity to a player. @returns its id */
async function linked(player: Player, sub: string, provider = 'one'): Promise<string> {
  const { data, errors } = await finish(player, await server.linkCode(player, { sub }, provider));
  if (errors !== undefined) {
    throw new Error(JSON.stringify(errors));
  }
  return data.completeLink.identity.id;
}

describe('linking', () => {
  test('gives an account another way to sign in, with any email', async () => {
    const [player, owner] = [await server.player(), await server.player()];
    const code = await server.linkCode(player, { sub: 'link-1', email: owner.email, email_verified: false });
    const { data } = await finish(player, code);
    expect(data.completeLink.identity).toEqual({ id: expect.any(String), provider: 'one', email: owner.email });
    await linked(player, 'link-1', 'two');
    await linked(player, 'link-1b');
    expect((await identitiesOf(player)).map(({ provider }) => provider)).toEqual(['one', 'two', 'one']);
    expect((await server.signIn({ sub: 'link-1' })).id).toBe(player.id);
    expect((await server.signIn({ sub: 'link-1' }, 'two')).id).toBe(player.id);
    expect((await server.account(player)).account.email).toBe(player.email);
  });

  test('again changes nothing; of what another account has, it is refused', async () => {
    const [player, other] = [await server.player(), await server.player()];
    const id = await linked(player, 'link-2');
    expect(await linked(player, 'link-2')).toBe(id);
    const code = await server.linkCode(other, { sub: 'link-2' });
    expect(errorsOf(await finish(other, code))).toEqual([
      { code: 'CONFLICT', reason: 'IDENTITY_TAKEN', field: 'code' },
    ]);
    expect(await identitiesOf(other)).toEqual([]);
    expect((await server.signIn({ sub: 'link-2' })).id).toBe(player.id);
  });

  test('of one identity by two at the same time is one of theirs', async () => {
    const players = [await server.player(), await server.player()];
    const codes = await Promise.all(players.map((player) => server.linkCode(player, { sub: 'link-3' })));
    const answers = await Promise.all(players.map((player, index) => finish(player, codes[index]!)));
    expect(answers.flatMap(errorsOf)).toEqual([{ code: 'CONFLICT', reason: 'IDENTITY_TAKEN', field: 'code' }]);
    const { n } = await row<{ n: string }>(server, sql`select count(*) as n from identities where subject = 'link-3'`);
    expect(Number(n)).toBe(1);
  });

  test('is finished by nobody but who asked for it, once, and opens no session', async () => {
    const [player, other] = [await server.player(), await server.player()];
    const code = await server.linkCode(player, { sub: 'link-4' });
    expect(errorsOf(await server.complete(code))).toEqual(REFUSED_CODE);
    expect(errorsOf(await finish(other, code))).toEqual(REFUSED_CODE);
    expect(errorsOf(await finish(null, code))).toEqual(UNAUTHENTICATED);
    const answers = await Promise.all([finish(player, code), finish(player, code)]);
    expect(answers.flatMap(errorsOf)).toEqual(REFUSED_CODE);
    expect(await identitiesOf(player)).toHaveLength(1);
    const { code: session } = await server.outcome({ sub: 'link-4' });
    expect(errorsOf(await finish(player, session!))).toEqual(REFUSED_CODE);
  });

  test('takes somebody who is signed in, a provider that is there, and an address to return to', async () => {
    const player = await server.player();
    expect(errorsOf(await link(null))).toEqual(UNAUTHENTICATED);
    expect(errorsOf(await link('service'))).toEqual([{ code: 'FORBIDDEN' }]);
    expect(errorsOf(await link(player, 'three'))).toEqual([{ code: 'BAD_USER_INPUT', field: 'provider' }]);
    expect(errorsOf(await link(player, 'one', 'https://evil.example.com/'))).toEqual([
      { code: 'BAD_USER_INPUT', field: 'returnUrl' },
    ]);
  });
});

describe('the ticket', () => {
  const begin = async (address: string) => {
    const { pathname, search } = new URL(address);
    return server.begin({ cookie: '' }, { at: `${pathname}${search}` });
  };
  const ticket = async (player: Player) => (await link(player)).data.linkIdentity.url as string;
  const INVALID = `${GAME}?error=ticket_invalid`;

  test('is good once', async () => {
    const address = await ticket(await server.player());
    const sent = await Promise.all([begin(address), begin(address)]);
    expect(sent.filter(({ href }) => href === INVALID)).toHaveLength(1);
    expect((await begin(address)).href).toBe(INVALID);
  });

  test('is for its provider and its address, and for five minutes', async () => {
    const player = await server.player();
    expect((await begin((await ticket(player)).replace('/auth/one', '/auth/two'))).href).toBe(INVALID);
    const elsewhere = new URL(await ticket(player));
    elsewhere.searchParams.set('return', `${GAME}?x=1`);
    expect((await begin(elsewhere.href)).href).toBe(`${GAME}?x=1&error=ticket_invalid`);
    const made = new URL(await ticket(player));
    made.searchParams.set('link', 'made-up');
    expect((await begin(made.href)).href).toBe(INVALID);
    const late = await ticket(player);
    await query(em(), sql`update link_tickets set expires_at = expires_at - interval '5 minutes'`);
    expect((await begin(late)).href).toBe(INVALID);
  });
});

describe('unlinking', () => {
  test('takes one away, once; then it signs in to a new account', async () => {
    const player = await server.player();
    const id = await linked(player, 'unlink-1');
    expect((await unlink(player, id.toUpperCase())).data.unlinkIdentity).toBeTruthy();
    expect(errorsOf(await unlink(player, id))).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
    expect(await identitiesOf(player)).toEqual([]);
    expect((await server.signIn({ sub: 'unlink-1' })).id).not.toBe(player.id);
  });

  test("of somebody else's, or of nothing, is not there", async () => {
    const [player, other] = [await server.player(), await server.player()];
    const id = await linked(player, 'unlink-2');
    expect(errorsOf(await unlink(other, id))).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
    expect(errorsOf(await unlink(player, 'nothing'))).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
    expect(errorsOf(await unlink(null, id))).toEqual(UNAUTHENTICATED);
    expect(errorsOf(await unlink('service', id))).toEqual([{ code: 'FORBIDDEN' }]);
    expect(await identitiesOf(player)).toHaveLength(1);
  });

  test('leaves an account without a password one identity, also of two at the same time', async () => {
    const player = await server.signIn({ sub: 'unlink-3' });
    const [first] = await identitiesOf(player);
    const LAST = [{ code: 'CONFLICT', reason: 'LAST_SIGN_IN', field: 'id' }];
    expect(errorsOf(await unlink(player, first!.id))).toEqual(LAST);
    const second = await linked(player, 'unlink-3b');
    const answers = await Promise.all([unlink(player, first!.id), unlink(player, second)]);
    expect(answers.flatMap(errorsOf)).toEqual(LAST);
    expect(await identitiesOf(player)).toHaveLength(1);
  });
});

test("identities are nobody else's to see, and in the export of one's own data", async () => {
  const [player, other] = [await server.player(), await server.player()];
  await linked(player, 'export-1');
  const answer = await server.graphql(
    'query ($id: ID!) { user(id: $id) { account { identities { id } } } }',
    { id: player.id },
    other,
  );
  expect(answer.data.user.account).toBeNull();
  const { data } = await server.graphql('{ accountExport }', {}, player);
  expect(data.accountExport.identities).toMatchObject([{ provider: 'one', subject: 'export-1' }]);
  expect(JSON.stringify(data.accountExport)).not.toMatch(/verifier|nonce|hash/i);
});
