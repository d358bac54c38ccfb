import { Migration } from '@mikro-orm/migrations';

/** What rate limits count, shared by all processes that serve this database. The columns are the library's. */
export class Migration20261121001900_rate_limits extends Migration {
  override up(): void {
    // Unlogged: an attempt that is refused costs no write to the log. After a crash, or on a standby that takes over,
    // counting begins anew.
    this.addSql(`
      create unlogged table rate_limits (
        key varchar(255) not null constraint rate_limits_pkey primary key,
        points integer not null default 0,
        expire bigint
      )`);
    this.addSql(`create index rate_limits_expire_index on rate_limits (expire)`);
  }

  override down(): void {
    this.addSql(`drop table rate_limits`);
  }
}
