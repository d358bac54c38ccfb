import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';

/** Somebody who is at a provider, and may come back. */
const SignInAttemptSchema = defineEntity({
  name: 'SignInAttempt',
  tableName: 'sign_in_attempts',
  properties: {
    stateHash: p.blob().primary(),
    /** Of the cookie of the browser that began. */
    browserHash: p.blob(),
    provider: p.text(),
    verifier: p.text(),
    nonce: p.text(),
    returnUrl: p.text(),
    /** Whom the identity is to be linked to; null for a sign-in. */
    user: () =>
      p
        .manyToOne(User)
        .nullable()
        .foreignKeyName('sign_in_attempts_user_id_fkey')
        .index('sign_in_attempts_user_index')
        .deleteRule('cascade'),
    createdAt: p.datetime(6).defaultRaw('now()'),
    expiresAt: p.datetime(6).index('sign_in_attempts_expiry_index'),
  },
});

export class SignInAttempt extends SignInAttemptSchema.class {}
SignInAttemptSchema.setClass(SignInAttempt);

/** What a client gets a session for, or has an identity linked with. */
const SignInCodeSchema = defineEntity({
  name: 'SignInCode',
  tableName: 'sign_in_codes',
  properties: {
    codeHash: p.blob().primary(),
    user: () =>
      p
        .manyToOne(User)
        .foreignKeyName('sign_in_codes_user_id_fkey')
        .index('sign_in_codes_user_index')
        .deleteRule('cascade'),
    /** The identity to link; null for a sign-in. */
    link: p.json().nullable(),
    createdAt: p.datetime(6).defaultRaw('now()'),
    expiresAt: p.datetime(6).index('sign_in_codes_expiry_index'),
  },
});

export class SignInCode extends SignInCodeSchema.class {}
SignInCodeSchema.setClass(SignInCode);

/** With which a browser, which knows nothing of a session, begins to link for a user. */
const LinkTicketSchema = defineEntity({
  name: 'LinkTicket',
  tableName: 'link_tickets',
  properties: {
    ticketHash: p.blob().primary(),
    user: () =>
      p
        .manyToOne(User)
        .foreignKeyName('link_tickets_user_id_fkey')
        .index('link_tickets_user_index')
        .deleteRule('cascade'),
    provider: p.text(),
    returnUrl: p.text(),
    createdAt: p.datetime(6).defaultRaw('now()'),
    expiresAt: p.datetime(6).index('link_tickets_expiry_index'),
  },
});

export class LinkTicket extends LinkTicketSchema.class {}
LinkTicketSchema.setClass(LinkTicket);
