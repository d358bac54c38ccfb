import { ATTEMPT_MINUTES } from './sign-in-attempt.js';
import { newSecret } from './sign-in.service.js';

const SECRET = /^[\w-]{43}$/;

/** What a browser is known again by when it comes back from a provider. */
export interface BrowserCookie {
  secret: string;
  /** The header that sets it. */
  header: string;
}

/**
 * The cookie of the browser that sent `header`, or a new one: a browser keeps its secret, so that two sign-ins in it at
 * once do not get in each other's way.
 * @param secure whether the server is reached by https. Then no other host can set the cookie: that is what its prefix means
 */
export function browserCookie(header: string | undefined, secure: boolean): BrowserCookie {
  const secret = readBrowserSecret(header, secure) ?? newSecret();
  const attributes = `Path=/; Max-Age=${ATTEMPT_MINUTES * 60}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return { secret, header: `${nameOf(secure)}=${secret}; ${attributes}` };
}

/** The secret in a header `cookie`; undefined where there is none. */
export function readBrowserSecret(header: string | undefined, secure: boolean): string | undefined {
  const found = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${nameOf(secure)}=`));
  const value = found?.slice(nameOf(secure).length + 1);
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

function nameOf(secure: boolean): string {
  return secure ? '__Host-laurel-sign-in' : 'laurel-sign-in';
}
