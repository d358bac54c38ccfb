import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.entity.js';

const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).foreignKeyName('sessions_user_id_fkey').index('sessions_user_index'),
    createdAt: p.datetime(6).defaultRaw('now()'),
    expiresAt: p.datetime(6).index('sessions_expiry_index'),
    revokedAt: p.datetime(6).nullable(),
    /** When its tokens were last renewed. */
    refreshedAt: p.datetime(6).nullable(),
    /** What the client called itself when it signed in. */
    userAgent: p.text().nullable(),
  },
});

export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session);

/** Every refresh token of a session, spent ones included, so that a replay is recognised. */
const SessionTokenSchema = defineEntity({
  name: 'SessionToken',
  tableName: 'session_tokens',
  properties: {
    tokenHash: p.blob().primary(),
    session: () =>
      p
        .manyToOne(Session)
        .foreignKeyName('session_tokens_session_id_fkey')
        .index('session_tokens_session_index')
        .deleteRule('cascade'),
    createdAt: p.datetime(6).defaultRaw('now()'),
    expiresAt: p.datetime(6),
    spentAt: p.datetime(6).nullable(),
  },
});

export class SessionToken extends SessionTokenSchema.class {}
SessionTokenSchema.setClass(SessionToken);
