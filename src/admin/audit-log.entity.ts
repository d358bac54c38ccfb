import { defineEntity, p } from '@mikro-orm/core';

/** What was done to the whole, and by whom. A trigger refuses to change or delete any of it. */
const AuditLogSchema = defineEntity({
  name: 'AuditLog',
  tableName: 'audit_log',
  properties: {
    id: p.uuid().primary(),
    at: p.datetime(6).defaultRaw('now()'),
    actorKind: p.text(),
    actorId: p.uuid().nullable(),
    action: p.text(),
    targetId: p.uuid(),
    details: p.json(),
  },
  indexes: [
    { name: 'audit_log_newest_index', properties: ['at', 'id'] },
    { name: 'audit_log_target_index', properties: ['targetId', 'at', 'id'] },
  ],
  checks: [
    { name: 'audit_log_actor_kind_check', expression: "actor_kind in ('OPERATOR', 'ADMIN', 'SERVICE_KEY', 'USER')" },
  ],
});

export class AuditLog extends AuditLogSchema.class {}
AuditLogSchema.setClass(AuditLog);
