import { randomBytes, createHash } from 'node:crypto';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { notFound } from '../errors.js';
import { isId, newId } from '../shared/ids.js';
import { type InstantText, toDate } from '../shared/instant.js';
import { audit } from './audit-log.service.js';
import { type Actor, AuditAction } from './audit-log.type.js';
import type { Scope } from './scope.js';

const KEY_BYTES = 32;
/** So that people, and programs that look for leaked keys, see what it is. */
const KEY_MARK = 'laurel_';
const KEY = /^laurel_[\w-]{43}$/;
const PREFIX_LENGTH = KEY_MARK.length + 6;

/** A key as operators see it. The key itself is nowhere. */
export interface ApiKeyRow {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  createdAt: InstantText;
  expiresAt: InstantText | null;
  revokedAt: InstantText | null;
  /** To the minute. */
  lastUsedAt: InstantText | null;
}

const columns = sql<ApiKeyRow>`id, name, prefix, scopes, created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt", last_used_at as "lastUsedAt"`;

export interface NewApiKey {
  name: string;
  /** One or more. */
  scopes: readonly Scope[];
  /** Days from now; null for no end. */
  expiresInDays: number | null;
}

/**
 * Makes a key, and writes so to the audit log.
 * @returns the key itself too, which cannot be had a second time: only its hash is stored
 */
export async function createApiKey(
  em: SqlEntityManager,
  actor: Actor,
  { name, scopes, expiresInDays }: NewApiKey,
): Promise<ApiKeyRow & { key: string }> {
  const key = `${KEY_MARK}${randomBytes(KEY_BYTES).toString('base64url')}`;
  const row = await inTransaction(em, async (transaction) => {
    const made = await queryExactlyOne(
      transaction,
      sql<ApiKeyRow>`insert into api_keys (id, name, prefix, key_hash, scopes, created_by, expires_at)
        values (${newId()}, ${name}, ${key.slice(0, PREFIX_LENGTH)}, ${hashOf(key)}, ${scopes}::text[], ${actor.id},
          now() + make_interval(days => ${expiresInDays}::integer))
        returning ${columns}`,
    );
    const { id, prefix } = made;
    const expiresAt = made.expiresAt && toDate(made.expiresAt);
    await audit(transaction, actor, AuditAction.API_KEY_CREATED, id, { prefix, scopes, expiresAt });
    return made;
  });
  return { ...row, key };
}

/** All keys, those that ended included, newest first. */
export async function listApiKeys(em: SqlEntityManager): Promise<ApiKeyRow[]> {
  return query(em, sql<ApiKeyRow>`select ${columns} from api_keys order by created_at desc, id desc`);
}

/**
 * Ends a key at once, and writes so to the audit log. One that was revoked before stays as it is.
 * @throws AppError NOT_FOUND
 */
export async function revokeApiKey(em: SqlEntityManager, actor: Actor, id: string): Promise<ApiKeyRow> {
  const revoked = isId(id)
    ? await inTransaction(em, async (transaction) => {
        const ended = await queryOne(
          transaction,
          sql<ApiKeyRow>`update api_keys set revoked_at = now() where id = ${id} and revoked_at is null
            returning ${columns}`,
        );
        if (ended === undefined) {
          return queryOne(transaction, sql<ApiKeyRow>`select ${columns} from api_keys where id = ${id}`);
        }
        await audit(transaction, actor, AuditAction.API_KEY_REVOKED, ended.id, { prefix: ended.prefix });
        return ended;
      })
    : undefined;
  if (revoked === undefined) {
    throw notFound('There is no such API key.');
  }
  return revoked;
}

/**
 * The key that was sent, if it is one and holds, by one indexed statement. Notes that it is used, at most once a minute.
 */
export async function findApiKey(
  em: SqlEntityManager,
  presented: string,
): Promise<{ id: string; scopes: Scope[] } | undefined> {
  if (!KEY.test(presented)) {
    return undefined;
  }
  return queryOne(
    em,
    sql<{ id: string; scopes: Scope[] }>`
      with found as (
        select id, scopes from api_keys
        where key_hash = ${hashOf(presented)} and revoked_at is null and (expires_at is null or expires_at > now())
      ), used as (
        update api_keys k set last_used_at = now() from found
        where k.id = found.id and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute')
      )
      select id, scopes from found`,
  );
}

/** SHA-256 is enough for a key of full entropy: there is nothing to guess. */
function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
