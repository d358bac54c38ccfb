import { Migration } from '@mikro-orm/migrations';

/** Email verification, password reset, sessions that can be told apart, and accounts that are scrubbed for good. */
export class Migration20261121001500_account_life_cycle extends Migration {
  override up(): void {
    this.addSql(`alter table users add column email_verified_at timestamptz, add column scrubbed_at timestamptz`);
    this.addSql(`alter table sessions add column refreshed_at timestamptz, add column user_agent text`);
    // SHA-256 of the tokens: 256 random bits need no slower hash.
    this.addSql(`
      create table email_verifications (
        token_hash bytea not null constraint email_verifications_pkey primary key,
        user_id uuid not null constraint email_verifications_user_id_fkey references users (id) on delete cascade,
        email varchar(255) not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz
      )`);
    this.addSql(`create index email_verifications_user_index on email_verifications (user_id)`);
    this.addSql(`create index email_verifications_expiry_index on email_verifications (expires_at)`);
    this.addSql(`
      create table password_resets (
        token_hash bytea not null constraint password_resets_pkey primary key,
        user_id uuid not null constraint password_resets_user_id_fkey references users (id) on delete cascade,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz
      )`);
    this.addSql(`create index password_resets_user_index on password_resets (user_id)`);
    this.addSql(`create index password_resets_expiry_index on password_resets (expires_at)`);
    // What the job that scrubs looks for.
    this.addSql(`
      create index users_to_scrub_index on users (deleted_at) where deleted_at is not null and scrubbed_at is null`);
  }

  override down(): void {
    this.addSql(`drop index users_to_scrub_index`);
    this.addSql(`drop table password_resets`);
    this.addSql(`drop table email_verifications`);
    this.addSql(`alter table sessions drop column user_agent, drop column refreshed_at`);
    this.addSql(`alter table users drop column scrubbed_at, drop column email_verified_at`);
  }
}
