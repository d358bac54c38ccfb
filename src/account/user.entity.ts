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
  ],
  checks: [{ name: 'users_role_check', expression: "role in ('user', 'admin')" }],
});

export class User extends UserSchema.class {}
UserSchema.setClass(User);
