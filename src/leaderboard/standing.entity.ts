import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';
import { Score } from './score.entity.js';
import { Season } from './season.entity.js';

/** What a season keeps of a player's scores: one row per season and player. */
const StandingSchema = defineEntity({
  name: 'Standing',
  tableName: 'standings',
  properties: {
    season: () =>
      p
        .manyToOne(Season)
        .primary()
        .deleteRule('no action')
        .updateRule('no action')
        .foreignKeyName('standings_season_id_fkey'),
    user: () =>
      p
        .manyToOne(User)
        .primary()
        .deleteRule('no action')
        .updateRule('no action')
        .foreignKeyName('standings_user_id_fkey')
        .index('standings_user_index'),
    legacyId: p.integer().nullable(),
    score: p.bigint('number'),
    /** `score` where lower is better, `-score` where higher is: ascending, it always has the best first. */
    sortScore: p.bigint('number'),
    achievedAt: p.datetime(6).defaultRaw('now()'),
    /** The submission that set the current value; absent on imported ones. */
    scoreEntry: () =>
      p
        .manyToOne(Score)
        .deleteRule('no action')
        .updateRule('no action')
        .foreignKeyName('standings_score_id_fkey')
        .nullable()
        .fieldName('score_id'),
    /** Base carried over from an old monthly total, and when that was reached. */
    importedScore: p.bigint('number').nullable(),
    importedAt: p.datetime(6).nullable(),
    /** False while the player is deleted or suspended; kept by a trigger on users. */
    ranked: p.boolean().default(true),
  },
  uniques: [
    {
      name: 'standings_legacy_id_unique',
      expression: 'create unique index standings_legacy_id_unique on standings (legacy_id) where legacy_id is not null',
    },
  ],
  indexes: [
    {
      name: 'standings_order_index',
      expression:
        'create index standings_order_index on standings (season_id, sort_score, achieved_at, user_id) include (score) where ranked',
    },
  ],
  checks: [
    {
      name: 'standings_achieved_at_check',
      expression:
        "extract(year from achieved_at at time zone 'UTC') >= 1 and extract(year from achieved_at at time zone 'UTC') <= 9999",
    },
    {
      name: 'standings_safe_integer',
      expression: "score >= '-9007199254740991'::bigint and score <= '9007199254740991'::bigint",
    },
    { name: 'standings_sort_score', expression: 'sort_score = score or sort_score = -score' },
  ],
});

export class Standing extends StandingSchema.class {}
StandingSchema.setClass(Standing);
