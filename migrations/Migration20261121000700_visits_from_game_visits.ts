import { Migration } from '@mikro-orm/migrations';

/** One row per user and day, and only for users that exist. */
export class Migration20261121000700_visits_from_game_visits extends Migration {
  override up(): void {
    this.addSql(`lock table users in share row exclusive mode`);
    this.addSql(`lock table game_visits in access exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- game_visits: orphans, user_id is not in users, %s rows, ids: %s. Delete them or bring the users back.',
            count(*), array_to_string((array_agg(v.id order by v.id))[1:20], ', ')) as line
          from game_visits v where not exists (select 1 from users u where u.legacy_id = v.user_id) having count(*) > 0
          union all
          select format(
            '- game_visits: visit_count is not positive, %s rows, ids: %s. Correct or delete them.',
            count(*), array_to_string((array_agg(id order by id))[1:20], ', '))
          from game_visits where visit_count <= 0 having count(*) > 0
          union all
          select format(
            '- game_visits: several rows of one user and day, %s sets of ids: %s. Add them up into one of each set.',
            count(*), array_to_string((array_agg(ids order by first))[1:20], '; '))
          from (
            select min(id) as first, string_agg(id::text, ' = ' order by id) as ids
            from game_visits group by user_id, visit_date having count(*) > 1
          ) same having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    this.addSql(`
      create table visits (
        user_id uuid not null,
        visit_date date not null,
        visit_count integer not null default 1,
        legacy_id integer
      )`);
    this.addSql(`
      insert into visits (user_id, visit_date, visit_count, legacy_id)
      select u.id, v.visit_date, v.visit_count, v.id
      from game_visits v
      join users u on u.legacy_id = v.user_id`);
    // Kept for the way back, when newer rows need integers.
    this.addSql(`alter sequence game_visits_id_seq owned by visits.legacy_id`);
    this.addSql(`drop table game_visits`);

    this.addSql(`
      alter table visits
        add constraint visits_pkey primary key (user_id, visit_date),
        add constraint visits_legacy_id_unique unique (legacy_id),
        add constraint visits_user_id_fkey foreign key (user_id) references users (id),
        add constraint visits_count_positive check (visit_count > 0)`);
    this.addSql(`create index visits_date_index on visits (visit_date)`);
  }

  override down(): void {
    this.addSql(`lock table users, visits in access exclusive mode`);
    this.addSql(`update users set legacy_id = nextval('users_id_seq') where legacy_id is null`);
    this.addSql(`
      create table game_visits (
        id integer not null default nextval('game_visits_id_seq'),
        user_id integer not null,
        visit_date date not null,
        visit_count integer not null
      )`);
    // Oldest first, so that the integers given here follow time.
    this.addSql(`
      insert into game_visits (id, user_id, visit_date, visit_count)
      select coalesce(legacy_id, nextval('game_visits_id_seq')), user_legacy_id, visit_date, visit_count
      from (
        select v.legacy_id, u.legacy_id as user_legacy_id, v.visit_date, v.visit_count
        from visits v
        join users u on u.id = v.user_id
        order by v.visit_date, v.user_id
      ) oldest_first`);
    this.addSql(`alter sequence game_visits_id_seq owned by game_visits.id`);
    this.addSql(`drop table visits`);

    this.addSql(`
      alter table game_visits
        add constraint game_visits_pkey primary key (id),
        add constraint uq_game_visits unique (user_id, visit_date)`);
  }
}
