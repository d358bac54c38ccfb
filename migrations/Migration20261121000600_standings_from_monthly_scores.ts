import { Migration } from '@mikro-orm/migrations';

/**
 * One standing per season and player. Old monthly totals become standings of `monthly` with an imported
 * base; sort_score is ascending from the best, whichever way the leaderboard counts.
 */
export class Migration20261121000600_standings_from_monthly_scores extends Migration {
  override up(): void {
    this.addSql(`lock table users in share row exclusive mode`);
    this.addSql(`lock table monthly_scores in access exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- monthly_scores: orphans, user_id is not in users, %s rows, ids: %s. Delete them or bring the users back.',
            count(*), array_to_string((array_agg(m.id order by m.id))[1:20], ', ')) as line
          from monthly_scores m where not exists (select 1 from users u where u.legacy_id = m.user_id) having count(*) > 0
          union all
          select format(
            '- monthly_scores: year outside 1 to 9999 or month outside 1 to 12, %s rows, ids: %s. Correct or delete them.',
            count(*), array_to_string((array_agg(id order by id))[1:20], ', '))
          from monthly_scores where not (month between 1 and 12 and year between 1 and 9999) having count(*) > 0
          union all
          select format(
            '- monthly_scores: the month has no season, %s rows, ids: %s. Revert the migration leaderboards_and_seasons and run it again.',
            count(*), array_to_string((array_agg(m.id order by m.id))[1:20], ', '))
          from monthly_scores m
          where m.month between 1 and 12 and m.year between 1 and 9999 and not exists (
            select 1 from seasons
            where leaderboard_id = '01900000-0000-7000-8000-000000000001'
              and key = lpad(m.year::text, 4, '0') || '-' || lpad(m.month::text, 2, '0'))
          having count(*) > 0
          union all
          select format(
            '- monthly_scores: several rows of one user and month, %s sets of ids: %s. Keep one of each set.',
            count(*), array_to_string((array_agg(ids order by first))[1:20], '; '))
          from (
            select min(id) as first, string_agg(id::text, ' = ' order by id) as ids
            from monthly_scores group by user_id, year, month having count(*) > 1
          ) same having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    this.addSql(`
      create table standings (
        season_id uuid not null,
        user_id uuid not null,
        legacy_id integer,
        score bigint not null,
        sort_score bigint not null,
        achieved_at timestamptz not null default now(),
        score_id uuid,
        imported_score bigint,
        imported_at timestamptz,
        ranked boolean not null default true
      )`);
    this.addSql(`
      insert into standings
        (season_id, user_id, legacy_id, score, sort_score, achieved_at, imported_score, imported_at, ranked)
      select season.id, u.id, m.id, m.score, -m.score::bigint,
        m.updated_at at time zone 'UTC', m.score, m.updated_at at time zone 'UTC', u.deleted_at is null
      from monthly_scores m
      join users u on u.legacy_id = m.user_id
      join seasons season
        on season.leaderboard_id = '01900000-0000-7000-8000-000000000001'
        and season.key = lpad(m.year::text, 4, '0') || '-' || lpad(m.month::text, 2, '0')`);
    // Kept for the way back, when newer rows need integers.
    this.addSql(`alter sequence monthly_scores_id_seq owned by standings.legacy_id`);
    this.addSql(`drop table monthly_scores`);

    this.addSql(`
      alter table standings
        add constraint standings_pkey primary key (season_id, user_id),
        add constraint standings_legacy_id_unique unique (legacy_id),
        add constraint standings_season_id_fkey foreign key (season_id) references seasons (id),
        add constraint standings_user_id_fkey foreign key (user_id) references users (id),
        add constraint standings_score_id_fkey foreign key (score_id) references scores (id),
        add constraint standings_safe_integer check (score between -9007199254740991 and 9007199254740991),
        add constraint standings_sort_score check (sort_score = score or sort_score = -score)`);
    this.addSql(`
      create index standings_order_index on standings (season_id, sort_score, achieved_at, user_id) where ranked`);
    this.addSql(`create index standings_user_index on standings (user_id)`);

    // For an operator's own SQL that names only the score. The server writes both columns, so its
    // statements stop at the WHEN clauses and never enter plpgsql.
    this.addSql(`
      create function laurel_standing_sort_score() returns trigger language plpgsql as $$
      begin
        select case l.score_order when 'LOWER_IS_BETTER' then new.score else -new.score end
        into new.sort_score
        from seasons s
        join leaderboards l on l.id = s.leaderboard_id
        where s.id = new.season_id;
        return new;
      end
      $$`);
    this.addSql(`
      create trigger standings_sort_score_insert before insert on standings
        for each row when (new.sort_score is null)
        execute function laurel_standing_sort_score()`);
    this.addSql(`
      create trigger standings_sort_score_update before update on standings
        for each row when (new.score <> old.score and new.sort_score = old.sort_score)
        execute function laurel_standing_sort_score()`);
    // A deleted player leaves every season, and is back in all of them when restored.
    this.addSql(`
      create function laurel_user_ranked() returns trigger language plpgsql as $$
      begin
        update standings set ranked = new.deleted_at is null where user_id = new.id;
        return null;
      end
      $$`);
    this.addSql(`
      create trigger users_ranked after update of deleted_at on users
        for each row when ((old.deleted_at is null) <> (new.deleted_at is null))
        execute function laurel_user_ranked()`);
  }

  /** Standings of other leaderboards have no place in the old table and go with the new one. */
  override down(): void {
    this.addSql(`lock table users, standings in access exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- standings: score beyond 32 bits, %s rows, season and user: %s. Lower or delete them.',
            count(*), array_to_string((array_agg(season.key || ' ' || st.user_id order by season.key, st.user_id))[1:20], ', ')) as line
          from standings st
          join seasons season on season.id = st.season_id
          where season.leaderboard_id = '01900000-0000-7000-8000-000000000001'
            and st.score not between -2147483648 and 2147483647
          having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the old schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);
    this.addSql(`drop trigger users_ranked on users`);
    this.addSql(`drop function laurel_user_ranked()`);
    this.addSql(`update users set legacy_id = nextval('users_id_seq') where legacy_id is null`);

    this.addSql(`
      create table monthly_scores (
        id integer not null default nextval('monthly_scores_id_seq'),
        user_id integer not null,
        year integer not null,
        month integer not null,
        score integer not null,
        updated_at timestamp without time zone not null default now()
      )`);
    // Score and time as they stand now: an imported one that nothing has improved is still the old row.
    this.addSql(`
      insert into monthly_scores (id, user_id, year, month, score, updated_at)
      select coalesce(legacy_id, nextval('monthly_scores_id_seq')), user_legacy_id,
        split_part(key, '-', 1)::integer, split_part(key, '-', 2)::integer,
        score, achieved_at at time zone 'UTC'
      from (
        select st.legacy_id, u.legacy_id as user_legacy_id, season.key, st.score, st.achieved_at
        from standings st
        join users u on u.id = st.user_id
        join seasons season on season.id = st.season_id
        where season.leaderboard_id = '01900000-0000-7000-8000-000000000001'
        order by st.achieved_at, season.key, st.user_id
      ) oldest_first`);
    this.addSql(`alter sequence monthly_scores_id_seq owned by monthly_scores.id`);
    this.addSql(`drop table standings`);
    this.addSql(`drop function laurel_standing_sort_score()`);

    this.addSql(`
      alter table monthly_scores
        add constraint monthly_scores_pkey primary key (id),
        add constraint uq_monthly_scores unique (user_id, year, month)`);
  }
}
