/** What an attempt can be counted by. */
export type KeyPart = 'account' | 'address' | 'player' | 'session';

export interface Limit {
  /** Attempts with the same of all of these are counted together. */
  by: readonly [KeyPart, ...KeyPart[]];
  attempts: number;
  seconds: number;
  /** Does not hold for an address from which the account has signed in before. */
  sparesKnownAddresses?: boolean;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/**
 * How often each thing can be tried, narrowest first: what the first of its limits refuses does not count for the
 * others, so that one address cannot use up what an account has from everywhere.
 */
export const rules = {
  login: [
    { by: ['account', 'address'], attempts: 10, seconds: 15 * MINUTE },
    { by: ['address'], attempts: 100, seconds: 15 * MINUTE },
    // Against guessing from many addresses. It would lock the owner out as long as somebody keeps guessing, were it
    // not for the addresses that the owner has signed in from.
    { by: ['account'], attempts: 50, seconds: HOUR, sparesKnownAddresses: true },
  ],
  /** The current password, asked of somebody who is signed in. */
  password: [{ by: ['player'], attempts: 10, seconds: 15 * MINUTE }],
  register: [{ by: ['address'], attempts: 20, seconds: HOUR }],
  reset: [
    { by: ['account', 'address'], attempts: 5, seconds: HOUR },
    { by: ['address'], attempts: 50, seconds: HOUR },
    // Against mails without end from many addresses. Those before have reached the owner.
    { by: ['account'], attempts: 20, seconds: HOUR },
  ],
  verification: [
    { by: ['player'], attempts: 5, seconds: HOUR },
    { by: ['address'], attempts: 50, seconds: HOUR },
  ],
  /** Spending a token out of a mail, which nobody guesses; this keeps the trying cheap. */
  mailedToken: [{ by: ['address'], attempts: 60, seconds: HOUR }],
  /** Sign-ins with a provider: each is counted where it begins and where it is completed. */
  signIn: [{ by: ['address'], attempts: 200, seconds: 15 * MINUTE }],
  refresh: [
    { by: ['session'], attempts: 60, seconds: MINUTE },
    { by: ['address'], attempts: 1200, seconds: MINUTE },
  ],
  /** All that is stored of a player. */
  accountExport: [{ by: ['player'], attempts: 10, seconds: HOUR }],
  friendRequest: [
    { by: ['player'], attempts: 60, seconds: HOUR },
    { by: ['address'], attempts: 1200, seconds: HOUR },
  ],
  /** Each leaves an entry in the audit log for good. */
  deleteAccount: [{ by: ['player'], attempts: 10, seconds: 24 * HOUR }],
  /** Writing and editing. */
  post: [{ by: ['player'], attempts: 120, seconds: HOUR }],
} as const satisfies Record<string, readonly Limit[]>;

export type RuleName = keyof typeof rules;

/** How long an address stays known after a sign-in: three weeks, as the timers of what is counted in memory end at 24 days. */
export const KNOWN_ADDRESS_SECONDS = 21 * 24 * HOUR;
