/** What a client reads behind `error=` when a sign-in has come to nothing; published in the guide. */
export type SignInErrorWord =
  /** The person has not agreed, at the provider. */
  | 'access_denied'
  /** The provider does not answer, or not in time. */
  | 'provider_unavailable'
  /** What the provider answered does not hold, or it refused this server. */
  | 'provider_refused'
  /** An account has that email, and it is not certain that both are of the same person. */
  | 'email_taken'
  /** The account was deleted, too long ago to have it back. */
  | 'account_deleted'
  /** The account is suspended. */
  | 'account_suspended'
  /** The ticket to link with was used, has expired, or was for another provider or address. */
  | 'ticket_invalid'
  | 'rate_limited'
  | 'server_error';

/** A sign-in that has come to nothing, for a reason that the client is told. */
export class SignInError extends Error {
  constructor(
    readonly word: SignInErrorWord,
    /** For the operator's log; nothing personal. */
    readonly detail?: string,
  ) {
    super(`The sign-in has failed: ${word}`);
    this.name = 'SignInError';
  }
}
