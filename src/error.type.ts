import { GraphQLEnumType } from 'graphql';
import { ErrorCode, ErrorReason } from './errors.js';

/*
 * Published although no field refers to them, so that clients can generate them. Built by hand, because
 * type-graphql leaves out enums that nothing uses.
 */

export const ErrorCodeType = new GraphQLEnumType({
  name: 'ErrorCode',
  description: 'Members of `extensions.code`, beside the codes of the GraphQL layer itself. More may come.',
  values: {
    [ErrorCode.UNAUTHENTICATED]: { description: 'Nobody is signed in, or what was sent to sign in does not hold.' },
    [ErrorCode.FORBIDDEN]: { description: 'The caller is known and may not do this.' },
    [ErrorCode.NOT_FOUND]: { description: 'What a mutation was to act on does not exist, or not any more.' },
    [ErrorCode.BAD_USER_INPUT]: { description: 'An input breaks a rule; `extensions.field` is its dotted path.' },
    [ErrorCode.CONFLICT]: { description: 'The input is fine, but what stands already does not allow it.' },
    [ErrorCode.RATE_LIMITED]: { description: 'Too often; `extensions.retryAfter` says when to try again, in seconds.' },
    [ErrorCode.SERVICE_UNAVAILABLE]: { description: 'The server cannot answer for the moment. Try again.' },
    [ErrorCode.INTERNAL_SERVER_ERROR]: {
      description: 'A fault of the server; `extensions.errorId` finds it in the log.',
    },
  },
});

export const ErrorReasonType = new GraphQLEnumType({
  name: 'ErrorReason',
  description: 'Members of `extensions.reason`, which tells apart the cases of one code. More may come.',
  values: {
    [ErrorReason.EMAIL_TAKEN]: { description: 'Another account has this email.' },
    [ErrorReason.NICKNAME_TAKEN]: { description: 'Another player has this nickname, or one that reads the same.' },
    [ErrorReason.EMAIL_VERIFIED]: { description: 'The address is confirmed already.' },
    [ErrorReason.INVALID_CREDENTIALS]: { description: 'The email or the password is wrong.' },
    [ErrorReason.ACCOUNT_SUSPENDED]: { description: 'The password is right; the message says until when, and why.' },
    [ErrorReason.TOKEN_EXPIRED]: { description: 'The token was good and is too old.' },
    [ErrorReason.TOKEN_REVOKED]: { description: 'The session of the token has ended, or the token was used already.' },
    [ErrorReason.IDENTITY_TAKEN]: { description: 'Another account is signed in to with this identity.' },
    [ErrorReason.LAST_SIGN_IN]: { description: 'Without it, nobody could sign in to the account any more.' },
    [ErrorReason.SELF_FRIENDSHIP]: { description: 'Nobody is their own friend.' },
    [ErrorReason.REQUEST_REJECTED]: { description: 'The other side has rejected a request less than a day ago.' },
    [ErrorReason.NO_PENDING_REQUEST]: { description: 'There is no request to answer.' },
    [ErrorReason.BLOCKED_BY_VIEWER]: { description: 'The viewer has blocked this user; unblock first.' },
    [ErrorReason.IDEMPOTENCY_KEY_REUSED]: { description: 'The key came with another input before.' },
    [ErrorReason.LAST_ADMIN]: { description: 'Without this one there would be no admin.' },
    [ErrorReason.LEADERBOARD_PLAYED]: { description: 'Seasons of the board were played by the rules it has.' },
    [ErrorReason.STALE_VERSION]: { description: 'It was edited since it was read.' },
    [ErrorReason.USERNAME_TAKEN]: { description: 'Another employee has this username, or a deleted one.' },
    [ErrorReason.ALREADY_EMPLOYEE]: { description: 'The account is an employee already, or a deleted one.' },
    [ErrorReason.STATUS_NOT_ALLOWED]: { description: 'The schedule cannot come to that status from the one it has.' },
  },
});
