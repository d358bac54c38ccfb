import { Migration } from '@mikro-orm/migrations';

/** Sign-in with others: who somebody is at a provider, and what is kept while they come back from there. */
export class Migration20261121001600_identities extends Migration {
  override up(): void {
    this.addSql(`
      create table identities (
        id uuid not null constraint identities_pkey primary key,
        user_id uuid not null constraint identities_user_id_fkey references users (id) on delete cascade,
        provider text not null,
        subject text not null,
        email text,
        email_verified boolean not null default false,
        picture_url text,
        created_at timestamptz not null default now(),
        last_used_at timestamptz not null default now(),
        constraint identities_subject_unique unique (provider, subject)
      )`);
    this.addSql(`create index identities_user_index on identities (user_id)`);
    // Of states, cookies, tickets and codes the SHA-256: they are 256 random bits.
    this.addSql(`
      create table sign_in_attempts (
        state_hash bytea not null constraint sign_in_attempts_pkey primary key,
        browser_hash bytea not null,
        provider text not null,
        verifier text not null,
        nonce text not null,
        return_url text not null,
        user_id uuid constraint sign_in_attempts_user_id_fkey references users (id) on delete cascade,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null
      )`);
    this.addSql(`create index sign_in_attempts_expiry_index on sign_in_attempts (expires_at)`);
    this.addSql(`create index sign_in_attempts_user_index on sign_in_attempts (user_id)`);
    this.addSql(`
      create table sign_in_codes (
        code_hash bytea not null constraint sign_in_codes_pkey primary key,
        user_id uuid not null constraint sign_in_codes_user_id_fkey references users (id) on delete cascade,
        link jsonb,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null
      )`);
    this.addSql(`create index sign_in_codes_expiry_index on sign_in_codes (expires_at)`);
    this.addSql(`create index sign_in_codes_user_index on sign_in_codes (user_id)`);
    this.addSql(`
      create table link_tickets (
        ticket_hash bytea not null constraint link_tickets_pkey primary key,
        user_id uuid not null constraint link_tickets_user_id_fkey references users (id) on delete cascade,
        provider text not null,
        return_url text not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null
      )`);
    this.addSql(`create index link_tickets_expiry_index on link_tickets (expires_at)`);
    this.addSql(`create index link_tickets_user_index on link_tickets (user_id)`);
  }

  override down(): void {
    this.addSql(`drop table link_tickets`);
    this.addSql(`drop table sign_in_codes`);
    this.addSql(`drop table sign_in_attempts`);
    this.addSql(`drop table identities`);
  }
}
