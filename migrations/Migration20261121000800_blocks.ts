import { Migration } from '@mikro-orm/migrations';

/** Who has blocked whom: a table of its own, because a block outlives and coexists with friendship rows. */
export class Migration20261121000800_blocks extends Migration {
  override up(): void {
    this.addSql(`
      create table blocks (
        blocker_id uuid not null constraint blocks_blocker_id_fkey references users (id),
        blocked_id uuid not null constraint blocks_blocked_id_fkey references users (id),
        created_at timestamptz not null default now(),
        constraint blocks_pkey primary key (blocker_id, blocked_id),
        constraint blocks_no_self check (blocker_id <> blocked_id)
      )`);
    this.addSql(`create index blocks_blocked_index on blocks (blocked_id)`);
    this.addSql(`create index blocks_newest_index on blocks (blocker_id, created_at desc, blocked_id desc)`);
  }

  override down(): void {
    this.addSql(`drop table blocks`);
  }
}
