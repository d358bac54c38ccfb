import type { Flaws, Person } from '../../identity/loopback-provider.js';
import { type Answer, newAddress, RETURN, type Target } from '../target.js';

/** A browser that was sent to a provider. */
export interface Visitor {
  cookie: string;
  /** Where to. */
  sentTo: URL;
}

const SIGN_IN = '/auth/one';

export function open(target: Target, path: string, cookie = ''): Promise<Answer> {
  return target.http({ path, headers: { cookie, 'x-forwarded-for': newAddress() } });
}

export async function begin(
  target: Target,
  path = `${SIGN_IN}?return=${encodeURIComponent(RETURN)}`,
): Promise<Visitor> {
  const { headers } = await open(target, path);
  return { cookie: headers['set-cookie']?.[0]?.split(';')[0] ?? '', sentTo: new URL(headers.location ?? '') };
}

/** Comes back with that beside the state. */
export function comeBackWith(
  target: Target,
  { cookie, sentTo }: Visitor,
  query: Record<string, string>,
  at = SIGN_IN,
): Promise<Answer> {
  const all = new URLSearchParams({ state: sentTo.searchParams.get('state') ?? '', ...query });
  return open(target, `${at}/callback?${all.toString()}`, cookie);
}

/** Comes back as that person. */
export function comeBack(target: Target, visitor: Visitor, person: Person, flaws?: Flaws): Promise<Answer> {
  return comeBackWith(target, visitor, { code: target.provider.codeFor(visitor.sentTo, person, flaws) });
}

/** All the way there and back. */
export async function outcome(target: Target, person: Person, flaws?: Flaws): Promise<Answer> {
  return comeBack(target, await begin(target), person, flaws);
}

/** The code that the game gets. */
export function codeOf({ headers }: Answer): string {
  return new URL(headers.location ?? '').searchParams.get('code') ?? '';
}
