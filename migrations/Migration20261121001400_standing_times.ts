import { Migration } from '@mikro-orm/migrations';

/** Times of standings are those of a calendar: infinity and the years before 1 and after 9999 cannot be answered. */
export class Migration20261121001400_standing_times extends Migration {
  override up(): void {
    this.addSql(`lock table standings in share row exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select format(
          '- standings: achieved_at is outside the years 1 to 9999, %s rows, season_id and user_id: %s. Correct them.',
          count(*), array_to_string((array_agg(season_id || ' ' || user_id order by season_id, user_id))[1:20], ', '))
        into problems
        from standings where extract(year from achieved_at at time zone 'UTC') not between 1 and 9999
        having count(*) > 0;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);
    this.addSql(`
      alter table standings add constraint standings_achieved_at_check
        check (extract(year from achieved_at at time zone 'UTC') between 1 and 9999)`);
  }

  override down(): void {
    this.addSql(`alter table standings drop constraint standings_achieved_at_check`);
  }
}
