import { Migration } from '@mikro-orm/migrations';

/** Sessions, and every refresh token of each: spent ones stay, so that a replay is recognised. */
export class Migration20261121000900_sessions extends Migration {
  override up(): void {
    this.addSql(`
      create table sessions (
        id uuid not null constraint sessions_pkey primary key,
        user_id uuid not null constraint sessions_user_id_fkey references users (id),
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        revoked_at timestamptz
      )`);
    this.addSql(`create index sessions_user_index on sessions (user_id)`);
    this.addSql(`create index sessions_expiry_index on sessions (expires_at)`);
    // SHA-256 of the token: 256 random bits need no slower hash.
    this.addSql(`
      create table session_tokens (
        token_hash bytea not null constraint session_tokens_pkey primary key,
        session_id uuid not null constraint session_tokens_session_id_fkey references sessions (id) on delete cascade,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        spent_at timestamptz
      )`);
    this.addSql(`create index session_tokens_session_index on session_tokens (session_id)`);
  }

  override down(): void {
    this.addSql(`drop table session_tokens`);
    this.addSql(`drop table sessions`);
  }
}
