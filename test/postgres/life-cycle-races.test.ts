import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { issueVerification, verifyEmail } from '../../src/account/email-verification.service.js';
import { scrubAccounts } from '../../src/account/housekeeping.job.js';
import { issuePasswordReset } from '../../src/account/password-reset.service.js';
import { query, sql } from '../../src/database/query.js';
import { errorsOf, insertUser, LOGIN, row } from '../account/support.js';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const ROUNDS = 60;
/** Hashing a password takes longer than everything else in a round. */
const HASHING_ROUNDS = 20;
const AT_ONCE = 8;

const RESET = `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { accessToken } }`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMITS: 'false' });
  await Promise.all(times(AT_ONCE, () => query(em(), sql`select pg_sleep(0.1)`)));
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const login = (email: string) => server.graphql(LOGIN, { input: { email, password: PASSWORD } });

async function token(userId: string, email: string): Promise<string> {
  const issued = await issueVerification(em(), userId, email);
  if (issued === undefined || issued === 'in use') {
    throw new Error('There is no token.');
  }
  return issued.token;
}

describe('addresses', () => {
  test('one token spent by eight at once confirms once', async () => {
    for (const round of times(ROUNDS, (index) => index)) {
      const email = `once${round}@example.com`;
      const id = await insertUser(server, { nickname: `once ${round}`, email });
      const spent = await token(id, email);
      const results = await Promise.allSettled(times(AT_ONCE, () => verifyEmail(em(), undefined, spent)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  test('one that two accounts want is the first one’s, and the other’s token stays good for nothing', async () => {
    for (const round of times(ROUNDS, (index) => index)) {
      const wanted = `wanted${round}@example.com`;
      const ids = await Promise.all(times(2, (index) => insertUser(server, { nickname: `w ${round} ${index}` })));
      const tokens = await Promise.all(ids.map((id) => token(id, wanted)));
      const results = await Promise.allSettled(tokens.map((each) => verifyEmail(em(), undefined, each)));
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const { owners } = await row<{ owners: number }>(
        server,
        sql`select count(*)::integer as owners from users where lower(email) = ${wanted} and email_verified_at is not null`,
      );
      expect(owners).toBe(1);
    }
  });

  test('tokens made and spent at once wait for nobody for ever', async () => {
    for (const round of times(ROUNDS, (index) => index)) {
      const email = `both${round}@example.com`;
      const id = await insertUser(server, { nickname: `both ${round}`, email });
      const first = await token(id, email);
      await Promise.allSettled([
        ...times(4, () => verifyEmail(em(), undefined, first)),
        ...times(4, () => issueVerification(em(), id, email)),
      ]);
      const { unused } = await row<{ unused: number }>(
        server,
        sql`select count(*)::integer as unused from email_verifications where user_id = ${id} and used_at is null`,
      );
      expect(unused).toBeLessThanOrEqual(1);
    }
  });
});

describe('passwords', () => {
  test('a token spent four times at once sets one password and leaves one session', async () => {
    for (const round of times(HASHING_ROUNDS, (index) => index)) {
      const player = await server.player(`reset${round}`);
      const spent = await issuePasswordReset(em(), player.email);
      const answers = await Promise.all(
        times(4, (index) =>
          server.graphql(RESET, { input: { token: spent, newPassword: `the password of ${index}` } }),
        ),
      );
      expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(1);
      expect(answers.flatMap(errorsOf).every(({ reason }) => reason === 'TOKEN_REVOKED')).toBe(true);
    }
  });

  test('no session of the old password outlives a reset beside it', async () => {
    for (const round of times(HASHING_ROUNDS, (index) => index)) {
      const player = await server.player(`beside${round}`);
      const spent = await issuePasswordReset(em(), player.email);
      await Promise.all([
        server.graphql(RESET, { input: { token: spent, newPassword: 'another password' } }),
        ...times(3, () => login(player.email)),
      ]);
      const { sessions } = await row<{ sessions: number }>(
        server,
        sql`select count(*)::integer as sessions from sessions
          where user_id = ${player.id} and revoked_at is null`,
      );
      expect(sessions).toBe(1);
    }
  });
});

describe('a deletion whose grace is over', () => {
  test('is undone as a whole, or final as a whole, whoever comes first', async () => {
    let [restored, final] = [0, 0];
    for (const round of times(HASHING_ROUNDS, (index) => index)) {
      const player = await server.player(`gone${round}`);
      await query(em(), sql`update users set deleted_at = now() - interval '29 days 23 hours' where id = ${player.id}`);
      // The grace of the job is over a moment before that of the sign-in.
      const [answer] = await Promise.all([login(player.email), scrubAccounts(em(), 29), scrubAccounts(em(), 29)]);
      const account = await row<{ scrubbed: boolean; deleted: boolean; email: string | null; sessions: number }>(
        server,
        sql`select scrubbed_at is not null as scrubbed, deleted_at is not null as deleted, email,
            (select count(*)::integer from sessions where user_id = u.id and revoked_at is null) as sessions
          from users u where id = ${player.id}`,
      );
      if (answer.errors === undefined) {
        restored += 1;
        expect(account).toMatchObject({ scrubbed: false, deleted: false, email: player.email });
      } else {
        final += 1;
        expect(account).toEqual({ scrubbed: true, deleted: true, email: null, sessions: 0 });
      }
    }
    expect(restored + final).toBe(HASHING_ROUNDS);
  });
});
