import { Migration } from '@mikro-orm/migrations';

/** How far the write-ahead log had come when a player's last write was done; used only beside read replicas. */
export class Migration20261121001200_last_writes extends Migration {
  override up(): void {
    this.addSql(`
      create table last_writes (
        user_id uuid not null constraint last_writes_pkey primary key,
        written_lsn pg_lsn not null,
        constraint last_writes_user_id_fkey foreign key (user_id) references users (id) on delete cascade
      )`);
  }

  override down(): void {
    this.addSql(`drop table last_writes`);
  }
}
