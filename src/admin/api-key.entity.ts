import { defineEntity, p } from '@mikro-orm/core';

/** What one of the game's own servers sends to be let in. */
const ApiKeySchema = defineEntity({
  name: 'ApiKey',
  tableName: 'api_keys',
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    /** The key's beginning: people tell keys apart by it. */
    prefix: p.text(),
    keyHash: p.blob().unique('api_keys_hash_unique'),
    scopes: p.array().columnType('text[]'),
    createdAt: p.datetime(6).defaultRaw('now()'),
    /** Null: an operator, on the command line. */
    createdBy: p.uuid().nullable(),
    expiresAt: p.datetime(6).nullable(),
    revokedAt: p.datetime(6).nullable(),
    /** To the minute. */
    lastUsedAt: p.datetime(6).nullable(),
  },
  checks: [{ name: 'api_keys_scopes_check', expression: "scopes <@ array['scores:write', 'users:read', 'admin']" }],
});

export class ApiKey extends ApiKeySchema.class {}
ApiKeySchema.setClass(ApiKey);
