import { Migration } from '@mikro-orm/migrations';

/** Tokens that are refused whatever they say, such as those that an old service had blacklisted. */
export class Migration20261121002400_refused_tokens extends Migration {
  override up(): void {
    // The SHA-256 of the token: what stands here signs nobody in.
    this.addSql(`
      create table refused_tokens (
        token_hash bytea not null constraint refused_tokens_pkey primary key,
        refused_at timestamptz not null
      )`);
  }

  override down(): void {
    this.addSql(`drop table refused_tokens`);
  }
}
