import type { IDToken, UserInfoResponse } from 'openid-client';
import { isEmail } from '../account/account-rules.js';
import { inputProblem } from '../shared/scalars.js';
import { SignInError } from './sign-in-error.js';

const MAX_SUBJECT_LENGTH = 255;

/** Who somebody is at a provider, as far as it is of use here. */
export interface Claims {
  subject: string;
  email: string | null;
  /** Whether the provider vouches for the address. */
  emailVerified: boolean;
  /** What they are called; nothing is certain of it. */
  name: string | null;
  pictureUrl: string | null;
}

/**
 * What an ID token and the answer of the userinfo endpoint say. What is no address, or no picture's, is left out.
 * @throws SignInError provider_refused for a subject that cannot be one
 */
export function readClaims(idToken: IDToken, userInfo: UserInfoResponse | undefined): Claims {
  const { sub } = idToken;
  // OpenID Connect Core, section 2: up to 255 ASCII characters.
  if (sub === '' || sub.length > MAX_SUBJECT_LENGTH || inputProblem('String', sub) !== undefined) {
    throw new SignInError('provider_refused', 'the subject is not one');
  }
  // Both of one source: who vouches for one address does not for another.
  const source = typeof idToken.email === 'string' ? idToken : userInfo;
  const email = typeof source?.email === 'string' && isEmail(source.email) ? source.email : null;
  const of = (claim: 'name' | 'preferred_username' | 'picture') => text(idToken[claim]) ?? text(userInfo?.[claim]);
  const picture = of('picture');
  return {
    subject: sub,
    email,
    // Amazon Cognito and Apple say it as text.
    emailVerified: email !== null && ['true', true].includes(source?.email_verified as string | boolean),
    name: of('name') ?? of('preferred_username'),
    pictureUrl: picture !== null && inputProblem('URL', picture) === undefined ? picture : null,
  };
}

function text(claim: unknown): string | null {
  return typeof claim === 'string' && claim !== '' && inputProblem('String', claim) === undefined ? claim : null;
}
