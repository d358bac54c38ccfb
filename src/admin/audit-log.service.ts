import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { forwardPage } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { isId, newId } from '../shared/ids.js';
import type { Actor, AuditAction, AuditLogConnection, AuditLogRow } from './audit-log.type.js';

/**
 * Writes an entry of the audit log, inside the caller's transaction: what was done and that it was done stand or fall
 * together.
 * @param details nothing personal, for it stays for good
 */
export async function audit(
  em: SqlEntityManager,
  actor: Actor,
  action: AuditAction,
  targetId: string,
  details: object,
): Promise<void> {
  await query(
    em,
    sql`insert into audit_log (id, actor_kind, actor_id, action, target_id, details)
      values (${newId()}, ${actor.kind}, ${actor.id}, ${action}, ${targetId}, ${JSON.stringify(details)}::jsonb)`,
  );
}

interface AuditLogFilter {
  action: AuditAction | null;
  targetId: string | null;
}

/** Entries of the audit log, newest first. @throws AppError BAD_USER_INPUT for a cursor that is not this list's */
export async function listAuditLog(
  em: SqlEntityManager,
  size: number,
  after: string | null,
  { action, targetId }: AuditLogFilter,
): Promise<AuditLogConnection> {
  const target = targetId?.toLowerCase() ?? null;
  const list: CursorList = { name: `auditLog:${action ?? ''}:${target ?? ''}`, key: ['instant', 'id'] };
  const key = after === null ? null : decodeCursor(list, after, 'after');
  // Nothing was ever done to what cannot be an id.
  const rows =
    target !== null && !isId(target)
      ? []
      : await query(
          em,
          sql<AuditLogRow>`select id, at, actor_kind as "actorKind", actor_id as "actorId", action,
              target_id as "targetId", details
            from audit_log
            where ${action === null ? sql`true` : sql`action = ${action}`}
              and ${target === null ? sql`true` : sql`target_id = ${target}::uuid`}
              and ${key === null ? sql`true` : sql`(at, id) < (${key[0]}::timestamptz, ${key[1]}::uuid)`}
            order by at desc, id desc limit ${size + 1}`,
        );
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.at, row.id],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}
