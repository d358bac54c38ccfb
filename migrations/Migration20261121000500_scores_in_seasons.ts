import { Migration } from '@mikro-orm/migrations';

/**
 * Scores become submissions to a season: UUIDs, 53-bit values, idempotency keys.
 * Old scores attach to the `monthly` season of their UTC month and make no standings.
 */
export class Migration20261121000500_scores_in_seasons extends Migration {
  override up(): void {
    this.addSql(`lock table users in share row exclusive mode`);
    this.addSql(`lock table scores in access exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- scores: orphans, user_id is not in users, %s rows, ids: %s. Delete them or bring the users back.',
            count(*), array_to_string((array_agg(s.id order by s.id))[1:20], ', ')) as line
          from scores s where not exists (select 1 from users u where u.legacy_id = s.user_id) having count(*) > 0
          union all
          select format(
            '- scores: the month of created_at has no season, %s rows, ids: %s. Revert the migration leaderboards_and_seasons and run it again.',
            count(*), array_to_string((array_agg(s.id order by s.id))[1:20], ', '))
          from scores s
          where not exists (
            select 1 from seasons
            where leaderboard_id = '01900000-0000-7000-8000-000000000001' and key = to_char(s.created_at, 'YYYY-MM'))
          having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    this.addSql(`alter table scores rename to scores_old`);
    this.addSql(`
      create table scores (
        id uuid not null,
        legacy_id integer,
        user_id uuid not null,
        season_id uuid not null,
        score bigint not null,
        improved boolean not null default false,
        previous_score bigint,
        previous_rank integer,
        idempotency_key varchar(64),
        created_at timestamptz not null default now()
      )`);
    this.addSql(`
      insert into scores (id, legacy_id, user_id, season_id, score, created_at)
      select gen_random_uuid(), s.id, u.id, season.id, s.score, s.created_at at time zone 'UTC'
      from scores_old s
      join users u on u.legacy_id = s.user_id
      join seasons season
        on season.leaderboard_id = '01900000-0000-7000-8000-000000000001'
        and season.key = to_char(s.created_at, 'YYYY-MM')`);
    // Kept for the way back, when newer rows need integers.
    this.addSql(`alter sequence scores_id_seq owned by scores.legacy_id`);
    this.addSql(`drop table scores_old`);

    this.addSql(`
      alter table scores
        add constraint scores_pkey primary key (id),
        add constraint scores_legacy_id_unique unique (legacy_id),
        add constraint scores_user_id_fkey foreign key (user_id) references users (id),
        add constraint scores_season_id_fkey foreign key (season_id) references seasons (id),
        add constraint scores_safe_integer check (score between -9007199254740991 and 9007199254740991)`);
    this.addSql(`
      create unique index scores_idempotency_unique on scores (user_id, idempotency_key)
        where idempotency_key is not null`);
    this.addSql(`create index scores_user_newest_index on scores (user_id, created_at desc, id desc)`);
    this.addSql(`create index scores_season_index on scores (season_id, user_id)`);
  }

  /** Scores of other leaderboards have no place in the old table and go with the new one. */
  override down(): void {
    this.addSql(`lock table users, scores in access exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- scores: score beyond 32 bits, %s rows, ids: %s. Lower or delete them.',
            count(*), array_to_string((array_agg(s.id order by s.id))[1:20], ', ')) as line
          from scores s
          join seasons season on season.id = s.season_id
          where season.leaderboard_id = '01900000-0000-7000-8000-000000000001'
            and s.score not between -2147483648 and 2147483647
          having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the old schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);
    this.addSql(`update users set legacy_id = nextval('users_id_seq') where legacy_id is null`);

    this.addSql(`alter table scores rename to scores_new`);
    this.addSql(`
      create table scores (
        id integer not null default nextval('scores_id_seq'),
        user_id integer not null,
        score integer not null,
        created_at timestamp without time zone not null default now()
      )`);
    // Oldest first, so that the integers given here follow time.
    this.addSql(`
      insert into scores (id, user_id, score, created_at)
      select coalesce(legacy_id, nextval('scores_id_seq')), user_legacy_id, score, created_at at time zone 'UTC'
      from (
        select s.legacy_id, u.legacy_id as user_legacy_id, s.score, s.created_at
        from scores_new s
        join users u on u.id = s.user_id
        join seasons season on season.id = s.season_id
        where season.leaderboard_id = '01900000-0000-7000-8000-000000000001'
        order by s.created_at, s.id
      ) oldest_first`);
    this.addSql(`alter sequence scores_id_seq owned by scores.id`);
    this.addSql(`drop table scores_new`);

    this.addSql(`alter table scores add constraint scores_pkey primary key (id)`);
    this.addSql(`create index ix_scores_id on scores (id)`);
    this.addSql(`create index ix_scores_user_id on scores (user_id)`);
  }
}
