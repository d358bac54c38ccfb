import { inputProblem } from '../shared/scalars.js';
import { isHttpsOrLoopback } from './provider-settings.js';

const MAX_LENGTH = 2048;

/** Schemes that do something else in a browser than to open a page or a program. */
const FORBIDDEN_SCHEMES = new Set(['javascript:', 'data:', 'file:', 'blob:', 'vbscript:', 'about:', 'ws:', 'wss:']);

/** Whether an operator may have sign-ins return to that address: of a page, or with the scheme of a program. */
export function isReturnAddress(address: string): boolean {
  if (!URL.canParse(address)) {
    return false;
  }
  const { protocol, search, hash } = new URL(address);
  const web = protocol === 'http:' || protocol === 'https:';
  return (web ? isHttpsOrLoopback(address) : !FORBIDDEN_SCHEMES.has(protocol)) && search === '' && hash === '';
}

/**
 * Whether a sign-in may return to that address: its origin and path are those of one that is allowed. Its query is the
 * client's own.
 */
export function isAllowedReturn(address: unknown, allowed: readonly string[]): address is string {
  if (typeof address !== 'string' || address.length > MAX_LENGTH || !URL.canParse(address)) {
    return false;
  }
  const { hash } = new URL(address);
  // What could not be stored is for nobody.
  const plain = hash === '' && inputProblem('String', address) === undefined;
  return plain && allowed.some((one) => placeOf(one) === placeOf(address));
}

/** Scheme, host and path; not the `origin` of an URL, which is the same for all schemes of programs. */
function placeOf(address: string): string {
  const url = new URL(address);
  url.search = '';
  url.hash = '';
  return url.href;
}

/** The address with what came of the sign-in. */
export function returnWith(address: string, outcome: { code: string } | { error: string }): string {
  const url = new URL(address);
  for (const name of ['code', 'error']) {
    url.searchParams.delete(name);
  }
  for (const [name, value] of Object.entries(outcome)) {
    url.searchParams.set(name, value);
  }
  return url.href;
}
