import { Migration } from '@mikro-orm/migrations';

/** Keys for the game's own servers, and a log of what was done to the whole, which nobody can rewrite. */
export class Migration20261121001700_administration extends Migration {
  override up(): void {
    // Of the key the SHA-256: it is 256 random bits. Its beginning is for people, who tell keys apart by it.
    this.addSql(`
      create table api_keys (
        id uuid not null constraint api_keys_pkey primary key,
        name text not null,
        prefix text not null,
        key_hash bytea not null constraint api_keys_hash_unique unique,
        scopes text[] not null,
        created_at timestamptz not null default now(),
        created_by uuid,
        expires_at timestamptz,
        revoked_at timestamptz,
        last_used_at timestamptz,
        constraint api_keys_scopes_check check (scopes <@ array['scores:write', 'users:read', 'admin'])
      )`);
    // Refers to no other table: what is logged stays, whatever becomes of those it tells of.
    this.addSql(`
      create table audit_log (
        id uuid not null constraint audit_log_pkey primary key,
        at timestamptz not null default now(),
        actor_kind text not null,
        actor_id uuid,
        action text not null,
        target_id uuid not null,
        details jsonb not null,
        constraint audit_log_actor_kind_check check (actor_kind in ('OPERATOR', 'ADMIN', 'SERVICE_KEY'))
      )`);
    this.addSql(`create index audit_log_newest_index on audit_log (at, id)`);
    this.addSql(`create index audit_log_target_index on audit_log (target_id, at, id)`);
    this.addSql(`
      create function laurel_keep_audit_log() returns trigger language plpgsql as $$
      begin
        raise exception 'The audit log is only ever added to. Nothing was changed.' using errcode = 'LA005';
      end
      $$`);
    this.addSql(`
      create trigger audit_log_kept before update or delete or truncate on audit_log
      for each statement execute function laurel_keep_audit_log()`);
    // Also where a session has switched triggers off for itself (session_replication_role).
    this.addSql(`alter table audit_log enable always trigger audit_log_kept`);
  }

  override down(): void {
    this.addSql(`drop table audit_log`);
    this.addSql(`drop function laurel_keep_audit_log()`);
    this.addSql(`drop table api_keys`);
  }
}
