import { SignInError } from './sign-in-error.js';

/** OAuth's words for a provider that will be better later. */
const FOR_THE_MOMENT = new Set(['temporarily_unavailable', 'server_error']);
/** What openid-client says where no answer came. */
const NO_ANSWER = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT']);
const HTTP_SERVER_ERROR = 500;

/**
 * Makes one of the fixed words of what openid-client throws. Only its codes are looked at, and go on to the log: the
 * rest can have claims and tokens in it.
 */
export function providerFailure(error: unknown): SignInError {
  if (error instanceof SignInError) {
    return error;
  }
  const links = chainOf(error);
  const { name, error: oauthError } = links[0] ?? {};
  if (oauthError === 'access_denied') {
    return new SignInError('access_denied');
  }
  const codes = links.flatMap(({ code }) => (typeof code === 'string' ? [code] : []));
  const detail = [...codes, oauthError].filter((part) => typeof part === 'string').join(', ');
  return new SignInError(
    FOR_THE_MOMENT.has(String(oauthError)) || links.some(isAway) ? 'provider_unavailable' : 'provider_refused',
    detail === '' ? String(name) : detail,
  );
}

function isAway({ name, code, status, cause }: Record<string, unknown>): boolean {
  return (
    NO_ANSWER.has(String(code)) ||
    // The cause of what openid-client takes for no answer is the answer.
    (typeof status === 'number' && status >= HTTP_SERVER_ERROR) ||
    // What `fetch` throws where nothing could be connected to. A mistake of a program has no cause.
    (name === 'TypeError' && cause !== undefined)
  );
}

/** What was thrown, and what that was caused by. */
function chainOf(error: unknown): Record<string, unknown>[] {
  if (typeof error !== 'object' || error === null) {
    return [];
  }
  const link = error as Record<string, unknown>;
  return [link, ...chainOf(link['cause'])];
}
