import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await startTestServer();
  url = `${await server.http.listen({ port: 0, host: '127.0.0.1' })}/graphql`;
});
afterAll(() => server.close());

// Queries by GET need a header that no page of another site can send: Apollo Server's defence against forged requests.
const audits = serverAudits({
  url: () => url,
  fetchFn: (input: string, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    headers.set('apollo-require-preflight', 'true');
    return fetch(input, { ...init, headers });
  },
});

test('there are as many audits as when this was written', () => {
  expect(audits).toHaveLength(61);
});

test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: %s', async (_id, _name, audit) => {
  const result = await audit.fn();
  expect(result).toMatchObject({ status: 'ok' });
});
