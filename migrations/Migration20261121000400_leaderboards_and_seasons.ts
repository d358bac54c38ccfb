import { Migration } from '@mikro-orm/migrations';

/**
 * Leaderboards with their seasons; the leaderboard `monthly`, and its season for every UTC month
 * that an old score or monthly total falls in. The rows themselves follow in the next two migrations.
 */
export class Migration20261121000400_leaderboards_and_seasons extends Migration {
  override up(): void {
    // Exclusive at once: the next two migrations need it, and raising a weaker lock can deadlock.
    this.addSql(`lock table scores, monthly_scores in access exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- monthly_scores: year outside 1 to 9999 or month outside 1 to 12, %s rows, ids: %s. Correct or delete them.',
            count(*), array_to_string((array_agg(id order by id))[1:20], ', ')) as line
          from monthly_scores where not (month between 1 and 12 and year between 1 and 9999) having count(*) > 0
          union all
          select format(
            '- scores: created_at outside the years 1 to 9999, %s rows, ids: %s. Correct or delete them.',
            count(*), array_to_string((array_agg(id order by id))[1:20], ', '))
          from scores where not (created_at >= '0001-01-01' and created_at < '10000-01-01') having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    this.addSql(`
      create table leaderboards (
        id uuid not null constraint leaderboards_pkey primary key,
        slug varchar(64) not null,
        title varchar(200) not null,
        aggregation varchar(10) not null,
        score_order varchar(20) not null,
        period varchar(10) not null,
        time_zone text not null,
        created_at timestamptz not null default now(),
        constraint leaderboards_slug_unique unique (slug),
        constraint leaderboards_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
        constraint leaderboards_aggregation_check check (aggregation in ('BEST', 'SUM', 'LATEST')),
        constraint leaderboards_score_order_check check (score_order in ('HIGHER_IS_BETTER', 'LOWER_IS_BETTER')),
        constraint leaderboards_period_check check (period in ('DAILY', 'WEEKLY', 'MONTHLY', 'ALL_TIME'))
      )`);
    this.addSql(`
      create table seasons (
        id uuid not null constraint seasons_pkey primary key,
        leaderboard_id uuid not null constraint seasons_leaderboard_id_fkey references leaderboards (id),
        key varchar(20) not null,
        starts_at timestamptz,
        ends_at timestamptz,
        created_at timestamptz not null default now(),
        constraint seasons_leaderboard_key_unique unique (leaderboard_id, key),
        constraint seasons_bounds_check check (starts_at < ends_at)
      )`);

    this.addSql(`
      insert into leaderboards (id, slug, title, aggregation, score_order, period, time_zone)
      values ('01900000-0000-7000-8000-000000000001', 'monthly', 'Monthly', 'BEST', 'HIGHER_IS_BETTER', 'MONTHLY', 'UTC')`);
    // A season's id is the UUIDv3 of its key in the namespace of its leaderboard's id (RFC 9562):
    // MD5 of both, with the version in the 13th and the variant in the 17th hexadecimal digit.
    this.addSql(`
      insert into seasons (id, leaderboard_id, key, starts_at, ends_at)
      select
        overlay(
          overlay(hash placing '3' from 13)
          placing substr('89ab', (strpos('0123456789abcdef', substr(hash, 17, 1)) - 1) % 4 + 1, 1) from 17
        )::uuid,
        leaderboard_id, key,
        first_day at time zone 'UTC',
        (first_day + interval '1 month') at time zone 'UTC'
      from (
        select l.id as leaderboard_id, key, first_day,
          md5(uuid_send(l.id) || convert_to(key, 'UTF8')) as hash
        from leaderboards l
        cross join (
          select first_day, to_char(first_day, 'YYYY-MM') as key
          from (
            select make_date(year, month, 1)::timestamp as first_day from monthly_scores
            union
            select date_trunc('month', created_at) from scores
          ) days
        ) months
      ) hashed
      order by key`);
  }

  override down(): void {
    this.addSql(`drop table seasons`);
    this.addSql(`drop table leaderboards`);
  }
}
