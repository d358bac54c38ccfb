import { hash as bcryptHash } from 'bcrypt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { insertUser, LOGIN } from '../account/support.js';
import { startTestServer, type TestServer } from '../support/server.js';

const TRIES = 200;
const AT_ONCE = 4;
/** A machine that is busy with something else can disturb one measurement; three in a row it does not. */
const MEASUREMENTS = 3;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMITS: 'false' });
});
afterAll(() => server.close());

async function milliseconds(email: string): Promise<number> {
  const began = performance.now();
  const { errors } = await server.graphql(LOGIN, { input: { email, password: 'a wrong password' } });
  expect(errors?.[0]?.extensions?.['reason']).toBe('INVALID_CREDENTIALS');
  return performance.now() - began;
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

test('how long a sign-in is refused does not tell whether there is such an account, nor of what age', async () => {
  const player = await server.player();
  await insertUser(server, {
    nickname: 'from elsewhere',
    email: 'old@example.com',
    passwordHash: await bcryptHash('an old password', 10),
  });
  const emails = [player.email, 'nobody@example.com', 'old@example.com'];
  for (let measurement = 1; ; measurement += 1) {
    const times: number[][] = emails.map(() => []);
    // By turns, and several at a time, so that whatever disturbs one disturbs all.
    for (let tried = 0; tried < TRIES; tried += AT_ONCE) {
      const all = Array.from({ length: AT_ONCE }, () => emails.map((email, index) => ({ email, index }))).flat();
      await Promise.all(all.map(async ({ email, index }) => times[index]!.push(await milliseconds(email))));
    }
    const medians = times.map(median);
    const spread = Math.max(...medians) / Math.min(...medians);
    if (spread < 1.1 || measurement === MEASUREMENTS) {
      expect(spread).toBeLessThan(1.1);
      return;
    }
  }
});
