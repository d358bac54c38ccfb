import { defineEntity, p } from '@mikro-orm/core';

/**
 * The rank tree: how many ranked players of a season have a score in a bucket of a level. Written by triggers on
 * standings only; a foreign key would check on each write what they cannot get wrong.
 */
const StandingCountSchema = defineEntity({
  name: 'StandingCount',
  tableName: 'standing_counts',
  properties: {
    seasonId: p.uuid().primary(),
    level: p.smallint().primary(),
    /** The sort score shifted right by 7 bits a level. */
    bucket: p.bigint('number').primary(),
    players: p.integer(),
    /** On level 0: whether the order among these equals is counted in standing_tie_counts. */
    hasRuns: p.boolean().default(false),
  },
});

export class StandingCount extends StandingCountSchema.class {}
StandingCountSchema.setClass(StandingCount);
