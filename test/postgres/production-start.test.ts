import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { laurel, LaurelProcess } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';

const SECRET = 'fbd94f6e0d1f4a2f9b1c1a0d7c5e3b21';

let url: string;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ url, drop } = await createEmptyDatabase());
});
afterAll(() => drop());

test('production refuses with every reason at once, and starts when they are mended', async () => {
  const refused = await laurel(['serve'], { NODE_ENV: 'production', DATABASE_URL: url, API_KEY: 'short' });
  expect(refused.code).toBe(1);
  for (const reason of ['TOKEN_SECRET: required', 'API_KEY: shorter', 'migrations are pending']) {
    expect(refused.output).toContain(reason);
  }
  const settings = { NODE_ENV: 'production', DATABASE_URL: url, TOKEN_SECRET: SECRET, PORT: '0' };
  const pending = await laurel(['serve'], settings);
  expect(pending).toEqual({ code: 1, output: expect.stringContaining('migrations are pending') });

  expect((await laurel(['migrate', 'upgrade'], settings)).code).toBe(0);
  const server = new LaurelProcess(['serve'], settings);
  const address = (await server.address()).replace('/graphql', '');
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
  server.kill('SIGTERM');
  expect((await server.finished).code).toBe(0);
});

test('a mistyped database is not made by upgrading it', async () => {
  const mistyped = `${url}_mistyped`;
  const { code, output } = await laurel(['migrate', 'upgrade'], { DATABASE_URL: mistyped });
  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringMatching(/^database "\w+_mistyped" does not exist$/m),
  });
  expect((await laurel(['migrate', 'pending'], { DATABASE_URL: mistyped })).code).toBe(1);
});

test('outside production it starts, says what is pending and is not ready', async () => {
  const { url: empty, drop: dropEmpty } = await createEmptyDatabase();
  const server = new LaurelProcess(['serve'], { DATABASE_URL: empty, PORT: '0' });
  const ready = await fetch(`${await server.address()}/readyz`);
  expect(ready.status).toBe(503);
  expect(server.output).toContain('laurel migrate upgrade');

  // Upgraded beside it, the database is fine, but this server has not settled zone and admin: it must start again.
  expect((await laurel(['migrate', 'upgrade'], { DATABASE_URL: empty })).code).toBe(0);
  expect((await fetch(`${await server.address()}/readyz`)).status).toBe(503);
  server.kill('SIGTERM');
  await server.finished;
  await dropEmpty();
});
