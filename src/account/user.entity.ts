import { defineEntity, p } from '@mikro-orm/core';

const UserSchema = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: p.uuid().primary(),
    legacyId: p.integer().nullable().unique('users_legacy_id_unique'),
    email: p.string().length(255).nullable(),
    nickname: p.string().length(320),
    /** What uniqueness, lookup and nickname order go by: NFKC and case folding, computed by the database alone. */
    nicknameKey: p
      .text()
      .collation('C')
      .generated('(laurel_nickname_key((nickname)::text)) stored')
      .unique('users_nickname_key_unique'),
    /** Looks like an older player's nickname, and may: it was there before such were refused, or came with an import. */
    lookAlikeKept: p.boolean().default(false),
    /** Equal for nicknames that look alike; null where that is kept. */
    nicknameSkeleton: p
      .text()
      .collation('C')
      .nullable()
      .generated(
        '(case when look_alike_kept then null::text else laurel_nickname_skeleton((nickname)::text) end) stored',
      )
      .unique('users_nickname_skeleton_unique'),
    passwordHash: p.string().length(255).nullable().hidden().lazy(),
    birthDate: p.date().nullable(),
    role: p.string().length(20).default('user'),
    pictureUrl: p.text().nullable(),
    timeZone: p.text().nullable(),
    createdAt: p.datetime(6).defaultRaw('now()'),
    updatedAt: p.datetime(6).defaultRaw('now()'),
    deletedAt: p.datetime(6).nullable(),
    emailVerifiedAt: p.datetime(6).nullable(),
    /** When a deletion became final: nothing personal is left. */
    scrubbedAt: p.datetime(6).nullable(),
    suspendedAt: p.datetime(6).nullable(),
    /** Null with `suspendedAt`: until somebody ends it. */
    suspendedUntil: p.datetime(6).nullable(),
    suspensionReason: p.text().nullable(),
  },
  uniques: [
    { name: 'users_email_unique', expression: 'create unique index users_email_unique on users (lower(email))' },
  ],
  indexes: [
    {
      name: 'users_to_scrub_index',
      expression:
        'create index users_to_scrub_index on users (deleted_at) where deleted_at is not null and scrubbed_at is null',
    },
    {
      name: 'users_suspended_index',
      expression: 'create index users_suspended_index on users (suspended_at, id) where suspended_at is not null',
    },
    {
      name: 'users_admins_index',
      expression: "create index users_admins_index on users (id) where role = 'admin'",
    },
  ],
  checks: [
    { name: 'users_role_check', expression: "role in ('user', 'admin')" },
    {
      name: 'users_suspension_check',
      expression: 'suspended_at is not null or (suspended_until is null and suspension_reason is null)',
    },
  ],
});

export class User extends UserSchema.class {}
UserSchema.setClass(User);
