import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.entity.js';

const EmailVerificationSchema = defineEntity({
  name: 'EmailVerification',
  tableName: 'email_verifications',
  properties: {
    tokenHash: p.blob().primary(),
    user: () =>
      p
        .manyToOne(User)
        .foreignKeyName('email_verifications_user_id_fkey')
        .index('email_verifications_user_index')
        .deleteRule('cascade'),
    /** The address that the token was sent to: the account's own, or the one that it is to have. */
    email: p.string().length(255),
    createdAt: p.datetime(6).defaultRaw('now()'),
    expiresAt: p.datetime(6).index('email_verifications_expiry_index'),
    usedAt: p.datetime(6).nullable(),
  },
});

export class EmailVerification extends EmailVerificationSchema.class {}
EmailVerificationSchema.setClass(EmailVerification);

const PasswordResetSchema = defineEntity({
  name: 'PasswordReset',
  tableName: 'password_resets',
  properties: {
    tokenHash: p.blob().primary(),
    user: () =>
      p
        .manyToOne(User)
        .foreignKeyName('password_resets_user_id_fkey')
        .index('password_resets_user_index')
        .deleteRule('cascade'),
    createdAt: p.datetime(6).defaultRaw('now()'),
    expiresAt: p.datetime(6).index('password_resets_expiry_index'),
    usedAt: p.datetime(6).nullable(),
  },
});

export class PasswordReset extends PasswordResetSchema.class {}
PasswordResetSchema.setClass(PasswordReset);
