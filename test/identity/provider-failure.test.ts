import { expect, test } from '@jest/globals';
import { providerFailure } from '../../src/identity/provider-failure.js';

const failure = (fields: object) => providerFailure(Object.assign(new Error('about ada@example.com'), fields));

test('what is logged of a fault is its codes, and nothing of the person', () => {
  const { word, detail, message } = failure({
    code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
    cause: { claims: { email: 'ada@example.com' }, code: 'OAUTH_JWT', cause: 'ada@example.com' },
  });
  expect({ word, detail }).toEqual({
    word: 'provider_refused',
    detail: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED, OAUTH_JWT',
  });
  expect(message).not.toContain('ada');
});

test.each([
  ['no answer in time', { code: 'OAUTH_TIMEOUT' }, 'provider_unavailable'],
  [
    'nobody to connect to',
    { name: 'TypeError', cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) },
    'provider_unavailable',
  ],
  ['an answer of a fault', { code: 'OAUTH_RESPONSE_IS_NOT_CONFORM', cause: { status: 503 } }, 'provider_unavailable'],
  [
    'an answer that it is not there',
    { code: 'OAUTH_RESPONSE_IS_NOT_CONFORM', cause: { status: 404 } },
    'provider_refused',
  ],
  ['a fault of this server', { name: 'TypeError' }, 'provider_refused'],
  ['nobody who agreed', { error: 'access_denied' }, 'access_denied'],
])('%s is told as it is', (_what, fields, word) => {
  expect(failure(fields).word).toBe(word);
});
