import { defineEntity, p } from '@mikro-orm/core';

/** A token that is refused wherever it is presented, whatever it says; such as those an old service had blacklisted. */
const RefusedTokenSchema = defineEntity({
  name: 'RefusedToken',
  tableName: 'refused_tokens',
  properties: {
    /** SHA-256 of the token as UTF-8. */
    tokenHash: p.blob().primary(),
    refusedAt: p.datetime(6),
  },
});

export class RefusedToken extends RefusedTokenSchema.class {}
RefusedTokenSchema.setClass(RefusedToken);
