import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test('a registered player is the viewer', async () => {
  const player = await server.player('한글');
  const { data } = await server.graphql(
    '{ viewer { id nickname createdAt account { email role timeZone birthDate } } }',
    {},
    player,
  );
  expect(data.viewer).toMatchObject({
    id: player.id,
    account: { email: player.email, role: 'USER', timeZone: 'UTC', birthDate: '2000-01-01' },
  });
});
