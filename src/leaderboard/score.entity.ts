import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';
import { Season } from './season.entity.js';

/** Every submission, with what it was answered, so that a repeated idempotency key is answered the same. */
const ScoreSchema = defineEntity({
  name: 'Score',
  tableName: 'scores',
  properties: {
    id: p.uuid().primary(),
    legacyId: p.integer().nullable(),
    user: () => p.manyToOne(User).foreignKeyName('scores_user_id_fkey'),
    season: () => p.manyToOne(Season).foreignKeyName('scores_season_id_fkey'),
    score: p.bigint('number'),
    improved: p.boolean().default(false),
    previousScore: p.bigint('number').nullable(),
    previousRank: p.integer().nullable(),
    idempotencyKey: p.string().length(64).nullable(),
    createdAt: p.datetime(6).defaultRaw('now()'),
    /** When an admin has taken it out of the standing. */
    voidedAt: p.datetime(6).nullable(),
  },
  uniques: [
    {
      name: 'scores_legacy_id_unique',
      expression: 'create unique index scores_legacy_id_unique on scores (legacy_id) where legacy_id is not null',
    },
    {
      name: 'scores_idempotency_unique',
      expression:
        'create unique index scores_idempotency_unique on scores (user_id, idempotency_key) where idempotency_key is not null',
    },
  ],
  indexes: [
    {
      name: 'scores_user_newest_index',
      expression: 'create index scores_user_newest_index on scores (user_id, created_at desc, id desc)',
    },
    { name: 'scores_season_index', properties: ['season', 'user'] },
  ],
  checks: [
    {
      name: 'scores_safe_integer',
      expression: "score >= '-9007199254740991'::bigint and score <= '9007199254740991'::bigint",
    },
  ],
});

export class Score extends ScoreSchema.class {}
ScoreSchema.setClass(Score);
