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

/** So many wrong passwords, one after the other. @returns the codes that they were answered with */
export async function guess(
  server: TestServer,
  email: string,
  times: number,
  how: (n: number) => Parameters<typeof attempt>[3] = () => ({}),
): Promise<(string | undefined)[]> {
  const codes: (string | undefined)[] = [];
  for (let n = 0; n < times; n += 1) {
    codes.push((await login(server, email, 'a wrong password', how(n))).code);
  }
  return codes;
}
