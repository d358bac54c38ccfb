import { defineEntity, p } from '@mikro-orm/core';

/** A run of players with one score, in order: from its own key up to the next run's. Written by triggers only. */
const StandingTieCountSchema = defineEntity({
  name: 'StandingTieCount',
  tableName: 'standing_tie_counts',
  properties: {
    seasonId: p.uuid().primary(),
    sortScore: p.bigint('number').primary(),
    achievedAt: p.datetime(6).primary(),
    userId: p.uuid().primary(),
    players: p.integer(),
  },
});

export class StandingTieCount extends StandingTieCountSchema.class {}
StandingTieCountSchema.setClass(StandingTieCount);
