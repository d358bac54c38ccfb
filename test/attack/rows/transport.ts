import { gzipSync } from 'node:zlib';
import { many, refused, type Row } from '../row.js';
import { GAME, type HttpRequest, type Target } from '../target.js';

const OK = JSON.stringify({ query: '{ __typename }' });
const JSON_TYPE = { 'content-type': 'application/json' };

const post =
  (body: string | Buffer, headers: Record<string, string> = JSON_TYPE) =>
  (target: Target) =>
    target.http({ method: 'POST', headers, body });
const get =
  (path: string, request: HttpRequest = {}) =>
  (target: Target) =>
    target.http({ path, ...request });
const bytes = (text: string) => (target: Target) => target.bytes(text);

const NO_SECURITY_RISK = {
  'content-security-policy': /^default-src 'none';frame-ancestors 'none'$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'referrer-policy': /^no-referrer$/,
  'strict-transport-security': /^max-age=31536000$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^SAMEORIGIN$/,
  'x-powered-by': null,
};

/** Requests that are none, or not ours. */
export const transport: Row[] = [
  {
    name: 'malformed JSON',
    defence: 'errors of requests have one shape',
    attack: post('{"query":'),
    expected: refused.transport(400),
  },
  {
    name: 'an empty body',
    defence: 'errors of requests have one shape',
    attack: post(''),
    expected: refused.transport(400),
  },
  {
    name: 'no JSON at all, with a NUL byte in it',
    defence: 'errors of requests have one shape',
    attack: post('query\0{ viewer { id } }'),
    expected: { ...refused.transport(400), absent: /viewer/ },
  },
  {
    name: 'an unknown address',
    defence: 'unknown addresses have one answer',
    attack: get('/admin/'),
    expected: { status: 404, errors: [{ code: 'NOT_FOUND' }], headers: { 'x-content-type-options': 'nosniff' } },
  },
  {
    name: 'a way out of the folder of the explorer',
    defence: 'unknown addresses have one answer',
    attack: bytes('GET /explorer/../../../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
    expected: { status: 404, errors: [{ code: 'NOT_FOUND' }], absent: /root:/ },
  },
  {
    name: 'a NUL byte in the address',
    defence: 'unknown addresses have one answer',
    attack: get('/graphql%00.json'),
    expected: { status: 404, errors: [{ code: 'NOT_FOUND' }] },
  },
  ...['DELETE', 'PUT', 'PATCH', 'TRACE'].map((method): Row => ({
    name: `the method ${method}`,
    defence: 'unknown addresses have one answer',
    attack: (target) => target.http({ method }),
    expected: { ...refused.transport(405), headers: { allow: /^GET, POST$/ } },
  })),
  {
    name: 'an address that does not decode',
    defence: 'addresses that do not decode have the same answer',
    attack: get('/%zz'),
    expected: refused.transport(400),
  },
  {
    name: 'XML',
    defence: 'JSON alone is read',
    attack: post(OK, { 'content-type': 'application/xml' }),
    expected: refused.transport(415),
  },
  {
    name: 'a form, as pages of other sites send it',
    defence: 'JSON alone is read',
    attack: post('query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }),
    expected: refused.transport(415),
  },
  {
    name: 'no content type',
    defence: 'JSON alone is read',
    attack: post(OK, {}),
    expected: refused.transport(415),
  },
  {
    name: 'GET, as pages of other sites send it',
    defence: 'pages of other sites cannot ask (CSRF)',
    attack: get('/graphql?query={__typename}'),
    expected: { ...refused.transport(400), absent: /"data"/ },
  },
  {
    name: 'GET with a content type that needs no preflight',
    defence: 'pages of other sites cannot ask (CSRF)',
    attack: get('/graphql?query={__typename}', { headers: { 'content-type': 'text/plain' } }),
    expected: { ...refused.transport(400), absent: /"data"/ },
  },
  {
    name: 'a mutation by GET',
    defence: 'mutations come by POST alone',
    attack: get(`/graphql?query=${encodeURIComponent('mutation { recordVisit { visit { count } } }')}`, {
      headers: { 'apollo-require-preflight': 'true' },
    }),
    expected: { ...refused.transport(405), headers: { allow: /^POST$/ } },
  },
  {
    name: 'two operations in one request',
    defence: 'a request is one operation',
    attack: post(`[${OK},${OK}]`),
    expected: { ...refused.transport(400), absent: /"data"/ },
  },
  {
    name: 'a thousand operations in one request',
    defence: 'a request is one operation',
    attack: post(`[${many(1000, () => OK).replaceAll('} {', '},{')}]`),
    expected: { ...refused.transport(400), absent: /"data"/ },
  },
  {
    name: '__proto__ in a body',
    defence: 'no key reaches for a prototype',
    attack: post('{"query":"{ __typename }","__proto__":{"query":"{ viewer { id } }"}}'),
    expected: refused.transport(400),
  },
  {
    name: '__proto__ in variables',
    defence: 'no key reaches for a prototype',
    attack: post('{"query":"{ __typename }","variables":{"a":{"__proto__":{"polluted":true}}}}'),
    expected: refused.transport(400),
  },
  {
    name: 'constructor.prototype in variables',
    defence: 'no key reaches for a prototype',
    attack: post('{"query":"{ __typename }","variables":{"constructor":{"prototype":{"polluted":true}}}}'),
    expected: refused.transport(400),
  },
  {
    name: 'a body of 1.4 MB',
    defence: 'bodies are bounded',
    attack: post(JSON.stringify({ query: `{ __typename ${' '.repeat(1_400_000)} }` })),
    expected: refused.transport(413),
  },
  {
    name: 'a body of 1.4 MB in chunks, which tells no length',
    defence: 'bodies are bounded',
    attack: post(JSON.stringify({ query: `{ __typename ${' '.repeat(1_400_000)} }` }), {
      ...JSON_TYPE,
      'transfer-encoding': 'chunked',
    }),
    expected: refused.transport(413),
  },
  {
    name: 'arrays nested 700,000 deep',
    defence: 'bodies are bounded',
    attack: post(`{"query":"{ __typename }","variables":{"a":${'['.repeat(700_000)}${']'.repeat(700_000)}}}`),
    expected: refused.transport(413),
  },
  {
    name: 'a gzip bomb',
    defence: 'nothing is inflated',
    attack: post(gzipSync(Buffer.alloc(50_000_000, ' ')), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    expected: { ...refused.transport(415), message: /^Send the body without compression\.$/ },
  },
  {
    name: 'headers of 100 kB',
    defence: 'what is no HTTP has the same answer',
    attack: bytes(`GET /graphql HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(100_000)}\r\n\r\n`),
    expected: refused.transport(431),
  },
  {
    name: 'what is no HTTP',
    defence: 'what is no HTTP has the same answer',
    attack: bytes('hello?\r\n\r\n'),
    expected: refused.transport(400),
  },
  {
    name: 'two lengths of one body',
    defence: 'what is no HTTP has the same answer',
    attack: bytes('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 9\r\n\r\n'),
    expected: refused.transport(400),
  },
  {
    name: 'a length beside chunks, with another request behind them',
    defence: 'HTTP is read strictly (request smuggling)',
    attack: bytes(
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n' +
        '0\r\n\r\nGET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    ),
    expected: { ...refused.transport(400), absent: /"ok"/ },
  },
  {
    name: 'the headers of an answer',
    defence: 'browsers are told what an answer is',
    attack: post(OK),
    expected: { status: 200, data: { __typename: 'Query' }, headers: NO_SECURITY_RISK },
  },
  {
    name: 'the headers of an address that is not there',
    defence: 'browsers are told what an answer is',
    attack: get('/nothing'),
    expected: { status: 404, errors: [{ code: 'NOT_FOUND' }], headers: NO_SECURITY_RISK },
  },
  {
    name: 'an answer left behind in a cache',
    defence: 'no cache keeps an answer',
    attack: post(OK),
    expected: { status: 200, headers: { 'cache-control': /^no-store$/ } },
  },
  ...['https://evil.example.com', 'null', `${GAME}.evil.example`, 'http://game.example.com'].map((origin): Row => ({
    name: `a page of ${origin} that reads an answer`,
    defence: 'only pages of listed origins read answers',
    attack: post(OK, { ...JSON_TYPE, origin }),
    expected: {
      status: 200,
      headers: { 'access-control-allow-origin': null, 'access-control-allow-credentials': null },
    },
  })),
  {
    name: 'a preflight of another page',
    defence: 'only pages of listed origins read answers',
    attack: (target) =>
      target.http({
        method: 'OPTIONS',
        headers: { origin: 'https://evil.example.com', 'access-control-request-method': 'POST' },
      }),
    expected: { status: 204, headers: { 'access-control-allow-origin': null } },
  },
  {
    name: 'the explorer',
    defence: 'production has no explorer',
    attack: get('/'),
    expected: { status: 404, errors: [{ code: 'NOT_FOUND' }], absent: /<html/i },
  },
  {
    name: 'a file of the explorer',
    defence: 'production has no explorer',
    attack: get('/explorer/options.js'),
    expected: { status: 404, errors: [{ code: 'NOT_FOUND' }] },
  },
];
