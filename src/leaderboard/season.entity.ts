import { defineEntity, p } from '@mikro-orm/core';
import { Leaderboard } from './leaderboard.entity.js';

/** A season that was played; half-open: `startsAt` belongs to it, `endsAt` to the next. */
const SeasonSchema = defineEntity({
  name: 'Season',
  tableName: 'seasons',
  properties: {
    id: p.uuid().primary(),
    leaderboard: () => p.manyToOne(Leaderboard).foreignKeyName('seasons_leaderboard_id_fkey'),
    key: p.string().length(20),
    startsAt: p.datetime(6).nullable(),
    endsAt: p.datetime(6).nullable(),
    createdAt: p.datetime(6).defaultRaw('now()'),
  },
  uniques: [{ name: 'seasons_leaderboard_key_unique', properties: ['leaderboard', 'key'] }],
  checks: [{ name: 'seasons_bounds_check', expression: 'starts_at < ends_at' }],
});

export class Season extends SeasonSchema.class {}
SeasonSchema.setClass(Season);
