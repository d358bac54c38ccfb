import { PASSWORD, type TestServer } from '../support/server.js';

export interface Attempted {
  status: number;
  code: string | undefined;
  retryAfter: unknown;
  /** The header. */
  retryAfterHeader: string | undefined;
  data: Record<string, Record<string, string>>;
}

export const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken user { id } } }';

/** Sends an operation from an address; where the server trusts its proxy, by what that would say. */
export async function attempt(
  server: TestServer,
  query: string,
  variables: object = {},
  { from = '203.0.113.1', forwarded, token }: { from?: string; forwarded?: string; token?: string } = {},
): Promise<Attempted> {
  const response = await server.http.inject({
    method: 'POST',
    url: '/graphql',
    remoteAddress: from,
    headers: {
      ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    payload: { query, variables },
  });
  const { data, errors } = JSON.parse(response.body);
  return {
    status: response.statusCode,
    code: errors?.[0].extensions.code,
    retryAfter: errors?.[0].extensions.retryAfter,
    retryAfterHeader: response.headers['retry-after'],
    data,
  };
}

/** Tries to sign in. */
export function login(
  server: TestServer,
  email: string,
  password = PASSWORD,
  how: Parameters<typeof attempt>[3] = {},
): Promise<Attempted> {
  return attempt(server, LOGIN, { input: { email, password } }, how);
}

/** Attempts under way at the same time: a refusal takes its time. */
const AT_ONCE = 10;

/** So many wrong passwords, the last one after all others. @returns the codes that they were answered with */
export async function guess(
  server: TestServer,
  email: string,
  times: number,
  how: (n: number) => Parameters<typeof attempt>[3] = () => ({}),
): Promise<(string | undefined)[]> {
  const codes: (string | undefined)[] = [];
  const attempts = Array.from({ length: times }, (_, n) => n);
  while (attempts.length > 0) {
    const together = attempts.splice(0, Math.max(1, Math.min(AT_ONCE, attempts.length - 1)));
    const answers = await Promise.all(together.map((n) => login(server, email, 'a wrong password', how(n))));
    codes.push(...answers.map(({ code }) => code));
  }
  return codes;
}
