import type { Context } from '../context.js';
import type { AuthPayload } from './account.type.js';
import type { OpenSession } from './session.service.js';
import { signAccessToken } from './token.js';

/**
 * The answer to whoever has signed in.
 * @param restored whether that has undone the deletion of the account
 */
export async function toAuthPayload(context: Context, session: OpenSession, restored = false): Promise<AuthPayload> {
  context.noteWriteFor(session.user.id);
  const access = await signAccessToken(context.config.tokenKey, session.user.id, session.id);
  return {
    accessToken: access.token,
    accessTokenExpiresAt: access.expiresAt,
    refreshToken: session.refreshToken,
    refreshTokenExpiresAt: session.refreshTokenExpiresAt,
    user: session.user,
    restored,
  };
}
