import { z } from 'zod';
import { literal, quoted } from '../identifier.js';
import { MAX_EMAIL } from '../service/account-rules.js';
import { deleteFound, present, repeatedRows, rowCheck, type RowsCheck, setCheck, setFound } from '../service/checks.js';
import { timeChecks } from '../service/time-checks.js';
import { IN_UTC, faultCheck } from './common-checks.js';
import type { CommunityOptions } from './options.js';
import { addressOf, IS_KNOWN, IS_LINKABLE } from './people.js';
import type { CommunityStaged } from './shape.js';

/** OpenID Connect has no longer subjects. */
const MAX_SUBJECT = 255;
/** As settings name providers (src/identity/provider-settings.ts). */
const PROVIDER = '^[a-z0-9-]+$';
/** As pictures are taken from providers (src/shared/scalars.ts). */
const PICTURE = String.raw`^https?://[^[:space:][:cntrl:]"<>\\^${'`'}{|}]+$`;
const MAX_PICTURE = 2048;

/** What can be wrong with users, in the order in which it is to be looked for. */
export function userChecks(users: CommunityStaged, { merge }: CommunityOptions): RowsCheck[] {
  return [
    faultCheck(users),
    ...timeChecks(users, 'created_at', IN_UTC),
    ...timeChecks(users, 'updated_at', IN_UTC),
    ...present(users, 'email', 'provider', 'provider_id', 'created_at'),
    ...emailChecks(users),
    ...providerChecks(users),
    rowCheck(users, `coalesce(t.picture !~* ${literal(PICTURE)} or char_length(t.picture) > ${MAX_PICTURE}, false)`, {
      kind: 'values',
      column: 'picture',
      repairs: { null: [setFound(users, 'picture = null')] },
    }),
    ...knownChecks(users, merge),
    ...accountChecks(users),
  ];
}

function emailChecks(users: CommunityStaged): RowsCheck[] {
  const malformed = `t.email !~ ${literal(z.regexes.email.source)} or char_length(t.email) > ${MAX_EMAIL}`;
  return [
    rowCheck(users, `coalesce(${malformed}, false)`, { kind: 'emails', column: 'email' }),
    setCheck(users, repeatedRows(users, ['t.email'], 't.entry'), {
      kind: 'duplicates',
      column: 'email',
      repairs: { first: [deleteFound(users)] },
    }),
    setCheck(users, repeatedRows(users, [addressOf('t.email')], 't.entry'), {
      kind: 'email-collisions',
      column: 'email',
    }),
  ];
}

function providerChecks(users: CommunityStaged): RowsCheck[] {
  return [
    rowCheck(users, `coalesce(t.provider !~ ${literal(PROVIDER)}, false)`, { kind: 'values', column: 'provider' }),
    rowCheck(users, `coalesce(t.provider_id = '', false)`, { kind: 'values', column: 'provider_id' }),
    rowCheck(users, `coalesce(char_length(t.provider_id) > ${MAX_SUBJECT}, false)`, {
      kind: 'length',
      column: 'provider_id',
    }),
    setCheck(users, repeatedRows(users, ['t.provider', 't.provider_id'], 't.entry'), {
      kind: 'duplicates',
      column: 'provider_id',
      repairs: { first: [deleteFound(users)] },
    }),
  ];
}

/** Identities that Laurel has: of people who came with an earlier export, or signed in here themselves. */
function knownChecks(users: CommunityStaged, merge: CommunityOptions['merge']): RowsCheck[] {
  const table = quoted(users.table.name);
  switch (merge) {
    case 'newer':
      return [];
    case undefined:
      return [
        setCheck(users, `select t.ctid from ${table} t where ${IS_KNOWN}`, {
          kind: 'duplicates',
          column: 'provider_id',
        }),
      ];
    case 'fail':
      return [
        setCheck(
          users,
          `select t.ctid from ${table} t join identities k on k.provider = t.provider and k.subject = t.provider_id
            where (k.email, k.email_verified, k.picture_url, k.created_at, k.last_used_at)
              is distinct from (t.email, coalesce(t.verified_email, false), t.picture, t.created_at, coalesce(t.updated_at, t.created_at))`,
          { kind: 'duplicates', column: null },
        ),
      ];
  }
}

/**
 * Addresses that players have. Nobody gets an account by an address that one side alone vouches for, as when they sign in
 * (src/identity/identity-account.ts).
 */
function accountChecks(users: CommunityStaged): RowsCheck[] {
  const whoHas = `select t.ctid from ${quoted(users.table.name)} t
    join users u on ${addressOf('u.email')} = ${addressOf('t.email')} where not ${IS_KNOWN}`;
  return [
    setCheck(users, `${whoHas} and not ${IS_LINKABLE}`, { kind: 'email-collisions', column: 'email' }),
    // Who has the account is settled when people are matched.
    setCheck(users, `${whoHas} and ${IS_LINKABLE}`, { kind: 'accounts', column: 'email', repairs: { link: [] } }),
  ];
}
