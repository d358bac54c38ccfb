import { defineEntity, p } from '@mikro-orm/core';

/** What rate-limiter-flexible counts, under names that tell nothing; it writes the table itself. */
const RateLimitSchema = defineEntity({
  name: 'RateLimit',
  tableName: 'rate_limits',
  properties: {
    key: p.string().length(255).primary(),
    points: p.integer().default(0),
    /** Milliseconds since 1970; null for what never ends. */
    expire: p.bigint().nullable().index('rate_limits_expire_index'),
  },
});

export class RateLimit extends RateLimitSchema.class {}
RateLimitSchema.setClass(RateLimit);
