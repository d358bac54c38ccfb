import { Migration } from '@mikro-orm/migrations';

/**
 * Pages of standings from their index alone: it has the score too. The keys of the old services are null in every
 * row that Laurel adds, and their indexes need not hold those.
 */
export class Migration20261121001300_standing_indexes extends Migration {
  override up(): void {
    this.addSql(`drop index standings_order_index`);
    this.addSql(`
      create index standings_order_index on standings (season_id, sort_score, achieved_at, user_id) include (score)
      where ranked`);
    for (const table of ['scores', 'standings']) {
      this.addSql(`alter table ${table} drop constraint ${table}_legacy_id_unique`);
      this.addSql(`create unique index ${table}_legacy_id_unique on ${table} (legacy_id) where legacy_id is not null`);
    }
  }

  override down(): void {
    for (const table of ['scores', 'standings']) {
      this.addSql(`drop index ${table}_legacy_id_unique`);
      this.addSql(`alter table ${table} add constraint ${table}_legacy_id_unique unique (legacy_id)`);
    }
    this.addSql(`drop index standings_order_index`);
    this.addSql(`
      create index standings_order_index on standings (season_id, sort_score, achieved_at, user_id) where ranked`);
  }
}
