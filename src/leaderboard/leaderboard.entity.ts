import { defineEntity, p } from '@mikro-orm/core';

const LeaderboardSchema = defineEntity({
  name: 'Leaderboard',
  tableName: 'leaderboards',
  properties: {
    id: p.uuid().primary(),
    slug: p.string().length(64).unique('leaderboards_slug_unique'),
    title: p.string().length(200),
    aggregation: p.string().length(10),
    scoreOrder: p.string().length(20),
    period: p.string().length(10),
    timeZone: p.text(),
    createdAt: p.datetime(6).defaultRaw('now()'),
  },
  checks: [
    { name: 'leaderboards_slug_check', expression: "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'" },
    { name: 'leaderboards_aggregation_check', expression: "aggregation in ('BEST', 'SUM', 'LATEST')" },
    { name: 'leaderboards_score_order_check', expression: "score_order in ('HIGHER_IS_BETTER', 'LOWER_IS_BETTER')" },
    { name: 'leaderboards_period_check', expression: "period in ('DAILY', 'WEEKLY', 'MONTHLY', 'ALL_TIME')" },
  ],
});

export class Leaderboard extends LeaderboardSchema.class {}
LeaderboardSchema.setClass(Leaderboard);
