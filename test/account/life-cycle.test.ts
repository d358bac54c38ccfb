import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { forgetEnded, scrubAccounts } from '../../src/account/housekeeping.job.js';
import { issueVerification } from '../../src/account/email-verification.service.js';
import { query, sql } from '../../src/database/query.js';
import { PASSWORD, type Player } from '../support/server.js';
import { type MailingServer, startMailingServer, tokenIn } from './mail-support.js';
import { AUTH, CHANGE_PASSWORD, DELETE, errorsOf, insertUser, LOGIN, row, VIEWER } from './support.js';

const VERIFY = `mutation ($token: String!) { verifyEmail(token: $token) { user { id } } }`;
const REQUEST_VERIFICATION = `mutation { requestEmailVerification { email } }`;
const REQUEST_CHANGE = `mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { email } }`;
const REQUEST_RESET = `mutation ($email: EmailAddress!) { requestPasswordReset(email: $email) { accepted } }`;
const RESET = `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { ${AUTH} } }`;
const END_SESSION = `mutation ($id: ID!) { endSession(sessionId: $id) { sessionId } }`;
const ACCOUNT = `{ viewer { account { email emailVerified pendingEmail
  sessions { id userAgent isCurrent createdAt refreshedAt expiresAt } } } }`;

const UNAUTHENTICATED = { code: 'UNAUTHENTICATED' };

let server: MailingServer;
beforeAll(async () => {
  server = await startMailingServer();
});
afterAll(() => server.close());

interface ShownAccount {
  email: string;
  emailVerified: boolean;
  pendingEmail: string | null;
  sessions: { id: string; userAgent: string | null; isCurrent: boolean }[];
}

const account = async (player: Player): Promise<ShownAccount> => {
  const { data } = await server.graphql<{ viewer: { account: ShownAccount } }>(ACCOUNT, {}, player);
  return data.viewer.account;
};
const verify = (token: string, as: Player | null = null) => server.graphql(VERIFY, { token }, as);
const reset = (token: string, newPassword = 'another password') =>
  server.graphql(RESET, { input: { token, newPassword } });
const change = (as: Player | null, newEmail: string, password: string | null = PASSWORD) =>
  server.graphql(REQUEST_CHANGE, { input: { newEmail, password } }, as);
const login = (email: string, password = PASSWORD) => server.graphql(LOGIN, { input: { email, password } });
const em = () => server.database.orm.em.fork();

describe('a new password', () => {
  const changePassword = (as: Player) =>
    server.graphql(CHANGE_PASSWORD, { input: { currentPassword: PASSWORD, newPassword: 'another password' } }, as);

  test('ends what was asked for with the one before: another address, and links that set a password', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    await change(player, 'thief-1@example.com');
    const theft = tokenIn(await server.post.next('thief-1@example.com'));
    await server.graphql(REQUEST_RESET, { email: player.email });
    const link = tokenIn(await server.post.next(player.email));
    expect((await changePassword(player)).errors).toBeUndefined();
    const refused = [{ code: 'BAD_USER_INPUT', field: 'token' }];
    expect(errorsOf(await verify(theft))).toEqual(refused);
    expect(errorsOf(await reset(link))).toEqual([{ code: 'BAD_USER_INPUT', field: 'input.token' }]);
    expect((await login(player.email, 'another password')).errors).toBeUndefined();
  });

  test('out of a mail ends the change to another address as well', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    await change(player, 'thief-2@example.com');
    const theft = tokenIn(await server.post.next('thief-2@example.com'));
    await server.graphql(REQUEST_RESET, { email: player.email });
    expect((await reset(tokenIn(await server.post.next(player.email)))).errors).toBeUndefined();
    expect(errorsOf(await verify(theft))).toEqual([{ code: 'BAD_USER_INPUT', field: 'token' }]);
  });

  test('keeps a change that is asked for from being mailed, and leaves the confirmation of the own address alone', async () => {
    const player = await server.player();
    const own = tokenIn(await server.post.next(player.email));
    const { hash } = await row<{ hash: string }>(
      server,
      sql`select encode(sha256(convert_to(password_hash, 'UTF8')), 'hex') as hash from users where id = ${player.id}`,
    );
    await changePassword(player);
    expect(await issueVerification(em(), player.id, 'thief-3@example.com', hash)).toBeUndefined();
    expect((await verify(own)).errors).toBeUndefined();
  });

  test('cannot be set by a link that was sent to an address before', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    await server.graphql(REQUEST_RESET, { email: player.email });
    const link = tokenIn(await server.post.next(player.email));
    await change(player, 'moved@example.com');
    await verify(tokenIn(await server.post.next('moved@example.com')));
    expect(errorsOf(await reset(link))).toEqual([{ code: 'BAD_USER_INPUT', field: 'input.token' }]);
  });

  test('is not set, nor the link spent, while the player is suspended', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    await server.graphql(REQUEST_RESET, { email: player.email });
    const link = tokenIn(await server.post.next(player.email));
    await query(em(), sql`update users set suspended_at = now() where id = ${player.id}`);
    expect(errorsOf(await reset(link))).toHaveLength(1);
    await query(em(), sql`update users set suspended_at = null where id = ${player.id}`);
    expect((await reset(link)).errors).toBeUndefined();
  });
});

describe('the address', () => {
  test('is confirmed by the link in the mail that comes after registering, once', async () => {
    const player = await server.player();
    const mail = await server.post.next(player.email);
    expect(mail.subject).toBe('The Game: confirm your email address');
    expect(mail.text).toContain('https://game.example.com/verify-email#token=');
    expect((await account(player)).emailVerified).toBe(false);
    const token = tokenIn(mail);
    const answers = await Promise.all([verify(token), verify(token)]);
    expect(answers.flatMap(errorsOf)).toEqual([{ code: 'BAD_USER_INPUT', reason: 'TOKEN_REVOKED', field: 'token' }]);
    expect(answers.map(({ data }) => data.verifyEmail).filter((payload) => payload !== null)).toEqual([
      { user: { id: player.id } },
    ]);
    expect((await account(player)).emailVerified).toBe(true);
    expect(errorsOf(await server.graphql(REQUEST_VERIFICATION, {}, player))).toEqual([
      { code: 'CONFLICT', reason: 'EMAIL_VERIFIED' },
    ]);
    const stored = await row<{ hex: string }>(
      server,
      sql`select encode(token_hash, 'hex') as hex from email_verifications where user_id = ${player.id}`,
    );
    expect(stored.hex).not.toContain(Buffer.from(token).toString('hex'));
  });

  test('a newer mail takes the place of the one before; what is made up, expired or of a deleted account is refused', async () => {
    const player = await server.player();
    const first = tokenIn(await server.post.next(player.email));
    expect((await server.graphql(REQUEST_VERIFICATION, {}, player)).data).toEqual({
      requestEmailVerification: { email: player.email },
    });
    const second = tokenIn(await server.post.next(player.email));
    expect(errorsOf(await verify(first))).toEqual([{ code: 'BAD_USER_INPUT', field: 'token' }]);
    expect(errorsOf(await verify('made up'))).toEqual([{ code: 'BAD_USER_INPUT', field: 'token' }]);
    await query(em(), sql`update email_verifications set expires_at = now() where user_id = ${player.id}`);
    expect(errorsOf(await verify(second))).toEqual([
      { code: 'BAD_USER_INPUT', reason: 'TOKEN_EXPIRED', field: 'token' },
    ]);
    expect(errorsOf(await server.graphql(REQUEST_VERIFICATION))).toEqual([UNAUTHENTICATED]);
    const nameless = await insertUser(server, { nickname: 'no address' });
    expect(nameless).toBeDefined();
  });

  test('is changed once the new one is confirmed, and the old one is told', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    const newEmail = `new-${player.email}`;
    expect(errorsOf(await change(player, newEmail, 'wrong'))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS', field: 'input.password' },
    ]);
    expect(errorsOf(await change(null, newEmail))).toEqual([UNAUTHENTICATED]);
    expect((await change(player, newEmail)).data).toEqual({ requestEmailChange: { email: newEmail } });
    const token = tokenIn(await server.post.next(newEmail));
    expect(await account(player)).toMatchObject({ email: player.email, pendingEmail: newEmail });
    expect((await verify(token, await server.player('somebody else'))).data).toEqual({
      verifyEmail: { user: { id: player.id } },
    });
    expect(await account(player)).toMatchObject({ email: newEmail, emailVerified: true, pendingEmail: null });
    expect((await server.post.next(player.email)).subject).toBe('The Game: your account has another address now');
    expect(errorsOf(await login(player.email))).toEqual([{ code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS' }]);
    expect((await login(newEmail)).data.login.user.id).toBe(player.id);
  });

  test('of another account is not taken, and nobody but its owner is told', async () => {
    const [player, owner] = [await server.player(), await server.player()];
    await server.post.next(owner.email);
    expect((await change(player, owner.email.toUpperCase())).data.requestEmailChange).toBeTruthy();
    const told = await server.post.next(owner.email.toUpperCase());
    expect(told.text).not.toContain('#token=');
    // Two who want one free address: whoever confirms it first has it.
    const free = `free-${player.email}`;
    await change(player, free);
    const first = tokenIn(await server.post.next(free));
    await change(owner, free);
    const second = tokenIn(await server.post.next(free));
    const answers = await Promise.all([verify(first), verify(second)]);
    expect(answers.flatMap(errorsOf)).toEqual([{ code: 'CONFLICT', reason: 'EMAIL_TAKEN', field: 'token' }]);
  });
});

describe('a password', () => {
  test('is set anew by the link in a mail: every session ends, one begins, the owner is told', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    expect((await server.graphql(REQUEST_RESET, { email: player.email.toUpperCase() })).data).toEqual({
      requestPasswordReset: { accepted: true },
    });
    const mail = await server.post.next(player.email.toUpperCase());
    const token = tokenIn(mail);
    expect(errorsOf(await reset(token, 'short'))).toEqual([{ code: 'BAD_USER_INPUT', field: 'input.newPassword' }]);
    const answers = await Promise.all([reset(token), reset(token)]);
    expect(answers.flatMap(errorsOf)).toEqual([
      { code: 'BAD_USER_INPUT', reason: 'TOKEN_REVOKED', field: 'input.token' },
    ]);
    const session = answers.map(({ data }) => data.resetPassword).find((payload) => payload !== null);
    expect(session.user.id).toBe(player.id);
    expect(errorsOf(await server.graphql(VIEWER, {}, player))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' },
    ]);
    expect((await login(player.email)).data.login).toBeNull();
    expect((await login(player.email, 'another password')).data.login.user.id).toBe(player.id);
    expect(await account({ ...player, ...session })).toMatchObject({ emailVerified: true });
    expect((await server.post.next(player.email)).subject).toBe('The Game: your password was changed');
  });

  test('of nobody is asked for in the same way, and no mail comes', async () => {
    expect((await server.graphql(REQUEST_RESET, { email: 'nobody@example.com' })).data).toEqual({
      requestPasswordReset: { accepted: true },
    });
    const player = await server.player();
    await server.post.next(player.email);
    expect(server.post.mails.filter(({ to }) => JSON.stringify(to).includes('nobody'))).toEqual([]);
    expect(errorsOf(await reset('made up'))).toEqual([{ code: 'BAD_USER_INPUT', field: 'input.token' }]);
  });

  test('mails that the server refuses for the moment are sent again, the same one', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    server.post.refuse = 1;
    await server.graphql(REQUEST_RESET, { email: player.email });
    const jobs = async () =>
      query<{ state: string; id: string }>(
        em(),
        sql`select state::text, id::text from laurel_jobs.job where name = 'account-mail' and data ->> 'email' = ${player.email}
          and data ->> 'kind' = 'password-reset'`,
      );
    while ((await jobs()).every(({ state }) => state !== 'retry')) {
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
    const [job] = await jobs();
    await query(em(), sql`update laurel_jobs.job set start_after = now() where id = ${job!.id}::uuid`);
    const mail = await server.post.next(player.email);
    expect(mail.messageId).toBe(`<${job!.id}@laurel>`);
    expect((await reset(tokenIn(mail))).data.resetPassword.user.id).toBe(player.id);
  });
});

describe('sessions', () => {
  test('are listed with what they were opened by, and ended one by one', async () => {
    const player = await server.player();
    const signIn = await server.graphql(LOGIN, { input: { email: player.email, password: PASSWORD } }, null, {
      'user-agent': `phone ${'x'.repeat(400)}`,
    });
    const { sessions } = await account(player);
    expect(sessions).toHaveLength(2);
    const [phoneSession, ownSession] = sessions as [ShownAccount['sessions'][0], ShownAccount['sessions'][0]];
    expect(sessions.map(({ isCurrent }) => isCurrent)).toEqual([false, true]);
    expect(phoneSession.userAgent).toMatch(/^phone x{249}$/);
    const stranger = await server.player();
    for (const [as, code] of [
      [stranger, 'NOT_FOUND'],
      [null, 'UNAUTHENTICATED'],
    ] as const) {
      expect(errorsOf(await server.graphql(END_SESSION, { id: phoneSession.id }, as))).toMatchObject([{ code }]);
    }
    const phone = { ...player, accessToken: signIn.data.login.accessToken };
    expect((await server.graphql(VIEWER, {}, phone)).data.viewer.id).toBe(player.id);
    const ended = await Promise.all([
      server.graphql(END_SESSION, { id: phoneSession.id }, player),
      server.graphql(END_SESSION, { id: phoneSession.id }, player),
    ]);
    expect(ended.flatMap(errorsOf)).toEqual([{ code: 'NOT_FOUND', field: 'sessionId' }]);
    expect(errorsOf(await server.graphql(VIEWER, {}, phone))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' },
    ]);
    const answer = await server.graphql(
      `mutation ($id: ID!) { endSession(sessionId: $id) { sessionId } recordVisit { visit { count } } }`,
      { id: ownSession.id },
      player,
    );
    expect(answer.data).toEqual({ endSession: { sessionId: ownSession.id }, recordVisit: null });
  });
});

describe('a deletion', () => {
  test('is undone by signing in within the grace, as if nothing had been', async () => {
    const player = await server.player();
    await server.graphql('mutation { submitScore(input: { score: 12345 }) { score { id } } }', {}, player);
    const deleted = await server.graphql(
      `mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userId restorableUntil } }`,
      { input: { password: PASSWORD } },
      player,
    );
    const days = (new Date(deleted.data.deleteAccount.restorableUntil).getTime() - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
    expect((await login(player.email, 'wrong')).data.login).toBeNull();
    const RESTORE = `mutation ($input: LoginInput!) { login(input: $input) { accessToken restored user { id } } }`;
    const both = await Promise.all([
      server.graphql(RESTORE, { input: { email: player.email, password: PASSWORD } }),
      server.graphql(RESTORE, { input: { email: player.email, password: PASSWORD } }),
    ]);
    expect(both.flatMap(errorsOf)).toEqual([]);
    expect(both.map(({ data }) => data.login.user.id)).toEqual([player.id, player.id]);
    expect(both.some(({ data }) => data.login.restored)).toBe(true);
    const { accessToken } = both[0].data.login;
    const { data } = await server.graphql('{ viewer { standing { score } } }', {}, { ...player, accessToken });
    expect(data.viewer.standing).toEqual({ score: 12345 });
  });

  test('is final once the grace is over: nothing personal is left, and the name is free', async () => {
    const [player, friend] = [await server.player(), await server.player()];
    await server.graphql(
      `mutation ($id: ID!) { requestFriendship(userId: $id) { user { id } } }`,
      { id: friend.id },
      player,
    );
    await server.graphql(
      'mutation { submitScore(input: { score: 5 }) { score { id } } recordVisit { visit { count } } }',
      {},
      player,
    );
    await server.graphql(DELETE, { input: { password: PASSWORD } }, player);
    expect(await scrubAccounts(em(), 30)).toBe(0);
    await query(em(), sql`update users set deleted_at = now() - interval '31 days' where id = ${player.id}`);
    expect(errorsOf(await login(player.email))).toEqual([{ code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS' }]);
    const scrubbed = await Promise.all([scrubAccounts(em(), 30), scrubAccounts(em(), 30)]);
    expect(scrubbed[0] + scrubbed[1]).toBe(1);
    const left = await row<Record<string, unknown>>(
      server,
      sql`select email, password_hash, birth_date, nickname,
          (select count(*)::integer from scores where user_id = u.id) + (select count(*)::integer from standings where user_id = u.id)
          + (select count(*)::integer from visits where user_id = u.id) + (select count(*)::integer from sessions where user_id = u.id)
          + (select count(*)::integer from friendships where requester_id = u.id) as rows
        from users u where id = ${player.id}`,
    );
    expect(left).toEqual({
      email: null,
      password_hash: null,
      birth_date: null,
      nickname: `deleted-${player.id}`,
      rows: 0,
    });
    expect((await server.player('x', { nickname: player.nickname, email: player.email })).nickname).toBe(
      player.nickname,
    );
  });

  test('sessions and tokens that ended long ago are forgotten, others are not', async () => {
    const player = await server.player();
    const other = await server.player();
    await query(em(), sql`update sessions set revoked_at = now() - interval '8 days' where user_id = ${player.id}`);
    expect(await forgetEnded(em())).toBeGreaterThan(0);
    const sessions = await query<{ userId: string }>(
      em(),
      sql`select user_id as "userId" from sessions where user_id = any(${[player.id, other.id]}::uuid[])`,
    );
    expect(sessions).toEqual([{ userId: other.id }]);
  });
});

describe('one’s own data', () => {
  test('are there in one piece, without what signs in and without others’ names', async () => {
    const [player, friend] = [await server.player(), await server.player('friend of mine')];
    await server.graphql(
      `mutation ($id: ID!) { requestFriendship(userId: $id) { user { id } } }`,
      { id: friend.id },
      player,
    );
    await server.graphql('mutation { submitScore(input: { score: 77 }) { score { id } } }', {}, player);
    const { data } = await server.graphql('{ accountExport }', {}, player);
    expect(data.accountExport).toMatchObject({
      account: { id: player.id, email: player.email, nickname: player.nickname, birthDate: '2000-01-01' },
      friendships: [{ requesterId: player.id, receiverId: friend.id, status: 'pending' }],
      scores: [{ score: 77 }],
      standings: [{ score: 77 }],
      sessions: [{ revokedAt: null }],
    });
    const text = JSON.stringify(data.accountExport);
    expect(text).not.toContain('argon2');
    expect(text).not.toContain('friend of mine');
    expect(errorsOf(await server.graphql('{ accountExport }'))).toEqual([UNAUTHENTICATED]);
    expect(errorsOf(await server.graphql('{ accountExport }', {}, 'service'))).toEqual([{ code: 'FORBIDDEN' }]);
  });
});

describe('an age', () => {
  test('below the rule is refused, on the day before the birthday too', async () => {
    const strict = await startMailingServer({ MIN_AGE: '13' });
    try {
      const today = new Date().toISOString().slice(0, 10);
      const thirteen = `${Number(today.slice(0, 4)) - 13}${today.slice(4)}`;
      const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
      const tooYoung = `${Number(tomorrow.slice(0, 4)) - 13}${tomorrow.slice(4)}`;
      await strict.player('old enough', {
        birthDate: thirteen.endsWith('02-29') ? `${thirteen.slice(0, 5)}02-28` : thirteen,
      });
      await expect(strict.player('too young', { birthDate: tooYoung })).rejects.toThrow('input.birthDate');
    } finally {
      await strict.close();
    }
  });
});
