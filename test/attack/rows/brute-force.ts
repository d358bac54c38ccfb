import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { many, refused, type Row } from '../row.js';
import { type Answer, newAddress, PASSWORD, type Player, type Sender, startTarget, type Target } from '../target.js';

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }';
const REGISTER = 'mutation ($input: RegisterInput!) { register(input: $input) { accessToken } }';
const RESET = 'mutation ($email: EmailAddress!) { requestPasswordReset(email: $email) { accepted } }';
const CHANGE_PASSWORD = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { accessToken } }';

const WRONG = 'a wrong password';
const AT_ONCE = 20;

const login = (target: Target, email: string, password: string, sender: Sender) =>
  target.graphql(LOGIN, { input: { email, password } }, sender);

/** An attempt that a busy server sends away counts for nothing: it is made again. */
async function insist(attempt: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await attempt();
    if (!answer.body.includes('The server is busy')) {
      return answer;
    }
    await sleep(50);
  }
}

/** Does that so many times, several at a time, and once more when all of them are answered. */
async function oneTooMany(
  times: number,
  attempt: (n: number) => Promise<Answer>,
  atOnce: number = AT_ONCE,
): Promise<Answer> {
  for (let n = 0; n < times; n += atOnce) {
    await Promise.all(
      Array.from({ length: Math.min(atOnce, times - n) }, (_, index) => insist(() => attempt(n + index))),
    );
  }
  return insist(() => attempt(times));
}

/** Ten mutations in each request. */
const byTens = (field: (n: number) => string): string => `mutation { ${many(10, (n) => `a${n}: ${field(n)}`)} }`;

/** The right password after ten wrong ones, each from where `sender` says. */
async function afterTenWrong(target: Target, email: string, sender: (n: number) => Sender): Promise<Answer> {
  await Promise.all(Array.from({ length: 10 }, (_, n) => insist(() => login(target, email, WRONG, sender(n)))));
  return insist(() => login(target, email, PASSWORD, sender(10)));
}

const asked = (query: string, times: number, sender: (target: Target) => Promise<Sender>) => async (target: Target) => {
  const same = { from: newAddress(), ...(await sender(target)) };
  return oneTooMany(times, () => target.graphql(query, {}, same), 1);
};
const anybody = async (): Promise<Sender> => ({});
const somebody = async (target: Target): Promise<Sender> => ({ as: await target.player() });

/** Trying until something fits. */
export const bruteForce: Row[] = [
  {
    name: 'an eleventh password for an account, from one address',
    defence: 'passwords of an account are counted by address',
    attack: async (target) => {
      const [{ email }, from] = [await target.player(), newAddress()];
      return afterTenWrong(target, email, () => ({ from }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'ten passwords in one request, and the right one',
    defence: 'passwords of an account are counted by address',
    attack: async (target) => {
      const [{ email }, from] = [await target.player(), newAddress()];
      await target.graphql(
        byTens((n) => `login(input: { email: "${email}", password: "${n}" }) { accessToken }`),
        {},
        { from },
      );
      return login(target, email, PASSWORD, { from });
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'twenty passwords at the same time, and the right one',
    defence: 'passwords of an account are counted by address',
    attack: async (target) => {
      const [{ email }, from] = [await target.player(), newAddress()];
      await Promise.all(Array.from({ length: 20 }, () => insist(() => login(target, email, WRONG, { from }))));
      return insist(() => login(target, email, PASSWORD, { from }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'the email in other letters each time',
    defence: 'an email counts in any case of its letters',
    attack: async (target) => {
      const [{ email }, from] = [await target.player(), newAddress()];
      const [name] = email.split('@');
      const domains = Array.from('example.com', (letter) => 'example.com'.replace(letter, letter.toUpperCase()));
      await Promise.all(domains.map((domain) => insist(() => login(target, `${name}@${domain}`, WRONG, { from }))));
      return insist(() => login(target, email, PASSWORD, { from }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'a password for each of 101 accounts, from one address',
    defence: 'passwords are counted by address',
    attack: async (target) => {
      const [from, run] = [newAddress(), randomUUID()];
      return oneTooMany(100, (n) => login(target, `${run}-${n}@example.com`, WRONG, { from }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'passwords for one account from 51 addresses',
    defence: 'passwords are counted by account',
    attack: async (target) => {
      const { email } = await target.player();
      return oneTooMany(50, () => login(target, email, WRONG, { from: newAddress() }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'another address of one IPv6 network each time',
    defence: 'an IPv6 network counts as one address',
    attack: async (target) => {
      const [{ email }, network] = [await target.player(), `2001:db8:${randomUUID().slice(0, 4)}:1`];
      return afterTenWrong(target, email, (n) => ({ from: `${network}::${n + 1}` }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'another X-Forwarded-For each time, with no proxy',
    defence: 'forwarding headers count from a trusted proxy alone',
    server: 'direct',
    attack: async (target) => {
      const { email } = await target.player();
      return afterTenWrong(target, email, () => ({ from: newAddress() }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: 'another X-Forwarded-For each time, before what the proxy writes',
    defence: 'forwarding headers count from a trusted proxy alone',
    attack: async (target) => {
      const [{ email }, own] = [await target.player(), newAddress()];
      return afterTenWrong(target, email, () => ({ from: `${newAddress()}, ${own}` }));
    },
    expected: { ...refused.tooOften, data: { login: null } },
  },
  {
    name: '21 accounts from one address',
    defence: 'accounts are counted by address',
    attack: async (target) => {
      const from = newAddress();
      const input = { email: 'x@example.com', nickname: 'x', password: PASSWORD, birthDate: '2000-01-01' };
      return oneTooMany(20, () => target.graphql(REGISTER, { input }, { from }));
    },
    expected: { ...refused.tooOften, data: { register: null } },
  },
  {
    name: 'six mails with a new password, from one address',
    defence: 'mails for new passwords are counted by address and account',
    attack: async (target) => {
      const [email, from] = [`${randomUUID()}@example.com`, newAddress()];
      return oneTooMany(5, () => target.graphql(RESET, { email }, { from }));
    },
    expected: { ...refused.tooOften, data: { requestPasswordReset: null } },
  },
  {
    name: '21 mails with a new password to one player, from as many addresses',
    defence: 'mails for new passwords are counted by account',
    attack: async (target) => {
      const email = `${randomUUID()}@example.com`;
      return oneTooMany(20, () => target.graphql(RESET, { email }, { from: newAddress() }));
    },
    expected: { ...refused.tooOften, data: { requestPasswordReset: null } },
  },
  {
    name: 'six mails that ask to confirm an address',
    defence: 'mails that ask to confirm are counted',
    attack: asked('mutation { requestEmailVerification { email } }', 5, somebody),
    expected: { ...refused.tooOften, data: { requestEmailVerification: null } },
  },
  {
    name: 'tokens out of mails that ask to confirm',
    defence: 'tokens out of mails are counted',
    attack: asked(
      byTens((n) => `verifyEmail(token: "guess ${n}") { user { id } }`),
      6,
      anybody,
    ),
    expected: { status: 429, errors: Array.from({ length: 10 }, () => ({ code: 'RATE_LIMITED' })) },
  },
  {
    name: 'tokens out of mails with a new password',
    defence: 'tokens out of mails are counted',
    attack: asked(
      byTens((n) => `resetPassword(input: { token: "guess ${n}", newPassword: "${PASSWORD}" }) { accessToken }`),
      6,
      anybody,
    ),
    expected: { status: 429, errors: Array.from({ length: 10 }, () => ({ code: 'RATE_LIMITED' })) },
  },
  {
    name: '61 refreshes of one session, from as many addresses',
    defence: 'refreshes are counted by session',
    attack: async (target) => {
      const { refreshToken } = await target.player();
      const query = `mutation { refreshSession(refreshToken: "${refreshToken}") { accessToken } }`;
      return oneTooMany(60, () => target.graphql(query));
    },
    expected: { ...refused.tooOften, data: { refreshSession: null } },
  },
  {
    name: 'the password, by somebody with a stolen access token',
    defence: 'passwords are counted by player, where one is signed in',
    attack: async (target) => {
      const as = await target.player();
      const change = (currentPassword: string) =>
        target.graphql(CHANGE_PASSWORD, { input: { currentPassword, newPassword: PASSWORD } }, { as });
      return oneTooMany(10, (n) => change(n < 10 ? WRONG : PASSWORD));
    },
    expected: { ...refused.tooOften, data: { changePassword: null } },
  },
  {
    name: 'the password, by deleting the account with a stolen access token',
    defence: 'deletions of an account are counted, and passwords by player',
    attack: async (target) => {
      const as = await target.player();
      const query = 'mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userId } }';
      return oneTooMany(10, (n) => target.graphql(query, { input: { password: n < 10 ? WRONG : PASSWORD } }, { as }));
    },
    expected: { ...refused.tooOften, data: { deleteAccount: null } },
  },
  {
    name: 'codes of sign-ins with a provider',
    defence: 'codes of sign-ins are counted',
    attack: asked(
      byTens((n) => `completeSignIn(code: "guess ${n}") { accessToken }`),
      20,
      anybody,
    ),
    expected: { status: 429, errors: Array.from({ length: 10 }, () => ({ code: 'RATE_LIMITED' })) },
  },
  {
    name: '61 requests for friendship',
    defence: 'requests for friendship are counted',
    attack: async (target) => {
      const as: Player = await target.player();
      const query = byTens(() => `requestFriendship(userId: "${randomUUID()}") { user { id } }`);
      await oneTooMany(5, () => target.graphql(query, {}, { as }), 1);
      return target.graphql(`mutation { requestFriendship(userId: "${randomUUID()}") { user { id } } }`, {}, { as });
    },
    expected: { ...refused.tooOften, data: { requestFriendship: null } },
  },
  {
    name: 'eleven exports of all that is stored of a player',
    defence: 'exports are counted',
    attack: async (target) => {
      const as = await target.player();
      await target.graphql(`{ ${many(10, (n) => `a${n}: accountExport`)} }`, {}, { as });
      return target.graphql('{ accountExport }', {}, { as });
    },
    expected: { ...refused.tooOften, data: { accountExport: null } },
  },
  {
    name: '160 sign-ins at the same time',
    defence: 'passwords that wait to be hashed are bounded',
    attack: async () => {
      let answers: Answer[] = [];
      // A machine that is slow to send them gets them hashed meanwhile, or is told that the server is busy, which lets as
      // many in as come at once only where nothing has been slow before.
      for (let time = 0; time < 5; time += 1) {
        const target = await startTarget('slow');
        answers = await Promise.all(
          Array.from({ length: 160 }, (_, n) => login(target, `nobody${n}@example.com`, WRONG, { from: newAddress() })),
        );
        await target.close();
        const refusal = answers.find(({ body }) => body.includes('Too many sign-ins'));
        if (refusal !== undefined) {
          return refusal;
        }
      }
      return answers[0]!;
    },
    expected: {
      status: 503,
      errors: [{ code: 'SERVICE_UNAVAILABLE' }],
      message: /^Too many sign-ins at once\./,
      headers: { 'retry-after': /^2$/ },
    },
  },
  {
    name: '250 requests whose bodies do not come, and one more',
    defence: 'requests under way are bounded',
    attack: async (target) => {
      const release = await target.hold(250);
      await sleep(200);
      const answer = await target.graphql('{ __typename }');
      release();
      return answer;
    },
    expected: {
      status: 503,
      errors: [{ code: 'SERVICE_UNAVAILABLE' }],
      message: /^The server is busy\./,
      headers: { 'retry-after': /^1$/ },
    },
  },
];
