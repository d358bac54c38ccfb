import { createApiKey } from '../../src/admin/api-key.service.js';
import { OPERATOR } from '../../src/admin/audit-log.type.js';
import type { Scope } from '../../src/admin/scope.js';
import type { TestServer } from '../support/server.js';

/** A key as an operator makes it. */
export function makeKey(server: TestServer, scopes: readonly Scope[], expiresInDays: number | null = null) {
  return createApiKey(server.database.orm.em.fork(), OPERATOR, { name: 'of a test', scopes, expiresInDays });
}

/** Sends one operation with that key. */
export function withKey(server: TestServer, key: string, source: string, variables: Record<string, unknown> = {}) {
  return server.graphql(source, variables, null, { 'x-api-key': key });
}
