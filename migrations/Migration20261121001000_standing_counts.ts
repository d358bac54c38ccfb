import { Migration } from '@mikro-orm/migrations';

/** Each statement on standings moves the counts by the rows that left (-1) and those that came (+1). */
const LEFT = `select season_id, sort_score, achieved_at, user_id, -1 as delta from left_rows where ranked`;
const CAME = `select season_id, sort_score, achieved_at, user_id, 1 as delta from came_rows where ranked`;

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * For what others' connections call as well: statements are planned once for each connection. The plan never depends on
 * the values, but with ranges PostgreSQL takes one for these values for cheaper, and plans at each call. Functions that
 * only read are without it, as Laurel's own connections ask for the same, and entering a function with it takes longer.
 */
const PLANNED_ONCE = 'set plan_cache_mode = force_generic_plan';

/**
 * The rank tree: how many players of a season have a score in a range, on eight levels. Level 0 counts each
 * sort_score; a bucket of a level above covers 128 of the level below. Buckets 0 and -1 are not counted above
 * level 0: they hold whatever is nearer to zero than their neighbours, so that small numbers take few levels.
 * What stands before a score is the sum of the better buckets beside its path.
 *
 * Players with one score stand in the order of achieved_at and user_id. Where there are many of them,
 * standing_tie_counts cuts this order into runs: each is counted from its own key up to the next run's.
 *
 * Triggers keep both right in the statement that writes standings, whoever sends it. Buckets are touched in one
 * order, so that two statements cannot wait for each other; the row of level 0 guards the runs of its score.
 * A transaction of several statements on standings touches them in any order, and a statement that inserts and updates
 * passes them twice: either can deadlock with its like.
 */
export class Migration20261121001000_standing_counts extends Migration {
  override up(): void {
    this.addSql(`lock table standings in share row exclusive mode`);
    // Half filled, so that a new version of a count finds room beside the old one.
    this.addSql(`
      create table standing_counts (
        season_id uuid not null,
        level smallint not null,
        bucket bigint not null,
        players integer not null,
        has_runs boolean not null default false,
        constraint standing_counts_pkey primary key (season_id, level, bucket)
      ) with (fillfactor = 50)`);
    this.addSql(`
      create table standing_tie_counts (
        season_id uuid not null,
        sort_score bigint not null,
        achieved_at timestamptz not null,
        user_id uuid not null,
        players integer not null,
        constraint standing_tie_counts_pkey primary key (season_id, sort_score, achieved_at, user_id)
      ) with (fillfactor = 50)`);

    this.createRunFunctions();
    this.createTriggers();
    this.createCountFunctions();
    this.createPlaceFunction();
    this.rankOnlyPresentPlayers();
    this.turnMovedStandings('new.score <> old.score or new.season_id <> old.season_id');
    this.rankUsersAtOnce();

    this.addSql(`
      insert into standing_counts (season_id, level, bucket, players)
      select season_id, level, sort_score >> (7 * level), count(*)
      from standings cross join generate_series(0, 7) level
      where ranked and (level = 0 or sort_score >> (7 * level) not in (-1, 0))
      group by 1, 2, 3
      order by 1, 2, 3`);
    this.addSql(`
      select laurel_cut_ties(season_id, bucket, players)
      from standing_counts where level = 0 and players > 512`);
  }

  override down(): void {
    this.addSql(`drop trigger users_ranked on users`);
    this.addSql(`
      create or replace function laurel_user_ranked() returns trigger language plpgsql as $$
      begin
        update standings set ranked = new.deleted_at is null where user_id = new.id;
        return null;
      end
      $$`);
    this.addSql(`
      create trigger users_ranked after update of deleted_at on users
        for each row when ((old.deleted_at is null) <> (new.deleted_at is null))
        execute function laurel_user_ranked()`);
    this.addSql(`drop trigger standings_counted_insert on standings`);
    this.addSql(`drop trigger standings_counted_update on standings`);
    this.addSql(`drop trigger standings_counted_delete on standings`);
    this.addSql(`drop trigger standings_counted_truncate on standings`);
    this.addSql(`drop function laurel_count_inserted_standings()`);
    this.addSql(`drop function laurel_count_updated_standings()`);
    this.addSql(`drop function laurel_count_deleted_standings()`);
    this.addSql(`drop function laurel_count_truncated_standings()`);
    this.addSql(`drop function laurel_standing_place(uuid, bigint)`);
    this.addSql(`drop function laurel_count_players(uuid)`);
    this.addSql(`drop function laurel_count_tied_ahead(uuid, bigint, timestamptz, uuid)`);
    this.addSql(`drop function laurel_count_better(uuid, bigint)`);
    this.addSql(`drop function laurel_cut_ties(uuid, bigint, integer)`);
    this.addSql(`drop function laurel_cut_run(uuid, bigint, timestamptz, uuid, integer)`);
    this.addSql(`drop table standing_tie_counts`);
    this.addSql(`drop table standing_counts`);
    this.turnMovedStandings('new.score <> old.score');
    this.replaceSortScoreFunction('');
  }

  private createRunFunctions(): void {
    // Runs of about the square root of the crowd: then neither adding up the runs nor counting in one is slow.
    this.addSql(`
      create function laurel_cut_run(p_season_id uuid, p_sort_score bigint, p_achieved_at timestamptz, p_user_id uuid, p_size integer)
      returns void language plpgsql as $$
      declare
        next record;
      begin
        select achieved_at, user_id into next from standing_tie_counts
        where season_id = p_season_id and sort_score = p_sort_score
          and (achieved_at, user_id) > (p_achieved_at, p_user_id)
        order by achieved_at, user_id limit 1;
        delete from standing_tie_counts
        where season_id = p_season_id and sort_score = p_sort_score
          and achieved_at = p_achieved_at and user_id = p_user_id;
        insert into standing_tie_counts (season_id, sort_score, achieved_at, user_id, players)
        select p_season_id, p_sort_score,
          case behind when 0 then p_achieved_at else achieved_at end,
          case behind when 0 then p_user_id else user_id end,
          least(p_size, total - behind)
        from (
          select achieved_at, user_id, count(*) over () as total,
            row_number() over (order by achieved_at, user_id) - 1 as behind
          from standings
          where season_id = p_season_id and sort_score = p_sort_score and ranked
            and (achieved_at, user_id) >= (p_achieved_at, p_user_id)
            and (achieved_at, user_id) < (
              coalesce(next.achieved_at, 'infinity'), coalesce(next.user_id, '${LAST_ID}'))
        ) member
        where behind % p_size = 0;
      end
      $$`);
    this.addSql(`
      create function laurel_cut_ties(p_season_id uuid, p_sort_score bigint, p_players integer)
      returns void language plpgsql as $$
      begin
        delete from standing_tie_counts where season_id = p_season_id and sort_score = p_sort_score;
        perform laurel_cut_run(p_season_id, p_sort_score, '-infinity', '00000000-0000-0000-0000-000000000000',
          greatest(256, sqrt(p_players)::integer));
        update standing_counts set has_runs = true
        where season_id = p_season_id and level = 0 and bucket = p_sort_score;
      end
      $$`);
  }

  private createTriggers(): void {
    this.createTrigger('insert', CAME, 'referencing new table as came_rows');
    this.createTrigger(
      'update',
      `${LEFT} union all ${CAME}`,
      'referencing old table as left_rows new table as came_rows',
    );
    this.createTrigger('delete', LEFT, 'referencing old table as left_rows');
    this.addSql(`
      create function laurel_count_truncated_standings() returns trigger language plpgsql as $$
      begin
        truncate standing_counts, standing_tie_counts;
        return null;
      end
      $$`);
    this.addSql(`
      create trigger standings_counted_truncate after truncate on standings
        for each statement execute function laurel_count_truncated_standings()`);
  }

  private createTrigger(event: string, moves: string, referencing: string): void {
    const name = `laurel_count_${event === 'insert' ? 'inserted' : `${event}d`}_standings`;
    // A score whose number stays is touched too: the order of its players may have changed.
    this.addSql(`
      create function ${name}() returns trigger language plpgsql ${PLANNED_ONCE} as $$
      declare
        touched standing_counts;
        moved_run record;
        runs_touched boolean := false;
        crowds standing_counts[] := '{}';
      begin
        for touched in
          insert into standing_counts as c (season_id, level, bucket, players)
          select season_id, level, sort_score >> (7 * level), sum(delta)
          from (${moves}) move cross join generate_series(0, 7) level
          where level = 0 or sort_score >> (7 * level) not in (-1, 0)
          group by 1, 2, 3
          having level = 0 or sum(delta) <> 0
          order by 1, 2, 3
          on conflict (season_id, level, bucket) do update set players = c.players + excluded.players
          returning c.*
        loop
          if touched.players = 0 then
            delete from standing_counts
            where season_id = touched.season_id and level = touched.level and bucket = touched.bucket;
          end if;
          if touched.has_runs and touched.players < 64 then
            delete from standing_tie_counts
            where season_id = touched.season_id and sort_score = touched.bucket;
            update standing_counts set has_runs = false
            where season_id = touched.season_id and level = touched.level and bucket = touched.bucket;
          elsif touched.has_runs then
            runs_touched := true;
          elsif touched.level = 0 and touched.players > 512 then
            crowds := crowds || touched;
          end if;
        end loop;

        if runs_touched then
          for moved_run in
            with moved as (
              select distinct run.season_id, run.sort_score, run.achieved_at, run.user_id, c.players as crowd
              from (${moves}) move
              join standing_counts c
                on c.season_id = move.season_id and c.level = 0 and c.bucket = move.sort_score and c.has_runs
              cross join lateral (
                select r.* from standing_tie_counts r
                where r.season_id = move.season_id and r.sort_score = move.sort_score
                  and (r.achieved_at, r.user_id) <= (move.achieved_at, move.user_id)
                order by r.achieved_at desc, r.user_id desc limit 1
              ) run
            )
            -- Counted anew: a statement that inserts and updates comes here twice, with all its rows in the table.
            update standing_tie_counts t set players = (
              select count(*) from standings s
              where s.season_id = moved.season_id and s.sort_score = moved.sort_score and s.ranked
                and (s.achieved_at, s.user_id) >= (moved.achieved_at, moved.user_id)
                and (s.achieved_at, s.user_id) < (
                  coalesce(next.achieved_at, 'infinity'), coalesce(next.user_id, '${LAST_ID}'))
            )
            from moved left join lateral (
              select n.achieved_at, n.user_id from standing_tie_counts n
              where n.season_id = moved.season_id and n.sort_score = moved.sort_score
                and (n.achieved_at, n.user_id) > (moved.achieved_at, moved.user_id)
              order by n.achieved_at, n.user_id limit 1
            ) next on true
            where t.season_id = moved.season_id and t.sort_score = moved.sort_score
              and t.achieved_at = moved.achieved_at and t.user_id = moved.user_id
            returning t.*, moved.crowd
          loop
            if moved_run.players = 0 and moved_run.achieved_at > '-infinity' then
              delete from standing_tie_counts
              where season_id = moved_run.season_id and sort_score = moved_run.sort_score
                and achieved_at = moved_run.achieved_at and user_id = moved_run.user_id;
            elsif moved_run.players > greatest(512, 2 * sqrt(moved_run.crowd)) then
              perform laurel_cut_run(moved_run.season_id, moved_run.sort_score, moved_run.achieved_at, moved_run.user_id,
                greatest(256, sqrt(moved_run.crowd)::integer));
            end if;
          end loop;
        end if;

        perform laurel_cut_ties(c.season_id, c.bucket, c.players) from unnest(crowds) c;
        return null;
      end
      $$`);
    this.addSql(`
      create trigger standings_counted_${event} after ${event} on standings
        ${referencing} for each statement execute function ${name}()`);
  }

  private createCountFunctions(): void {
    // On each level the buckets between the one above the score's and the score's own. A score from zero up has
    // all negative buckets before it too, and those nearest to zero of the levels below its first.
    this.addSql(`
      create function laurel_count_better(p_season_id uuid, p_sort_score bigint)
      returns integer language plpgsql stable as $$
      begin
        return coalesce((
          select sum((
            select sum(c.players) from standing_counts c
            where c.season_id = p_season_id and c.level = beside.level
              and c.bucket >= beside.lowest and c.bucket < beside.bound
          ))
          from (
            select level, p_sort_score >> (7 * (level + 1)) << 7 as lowest, p_sort_score >> (7 * level) as bound
            from generate_series(0, 7) level
            union all
            select level, -128, case when p_sort_score >> (7 * (level + 1)) > 0 then 128 else 0 end
            from generate_series(0, 7) level where p_sort_score >= 0
          ) beside
        ), 0);
      end
      $$`);
    // Whole runs, then those in its own.
    this.addSql(`
      create function laurel_count_tied_ahead(
        p_season_id uuid, p_sort_score bigint, p_achieved_at timestamptz, p_user_id uuid
      ) returns integer language plpgsql stable as $$
      declare
        run record;
      begin
        select t.achieved_at, t.user_id into run from standing_tie_counts t
        where t.season_id = p_season_id and t.sort_score = p_sort_score
          and (t.achieved_at, t.user_id) <= (p_achieved_at, p_user_id)
        order by t.achieved_at desc, t.user_id desc limit 1;
        if not found then
          return (
            select count(*) from standings s
            where s.season_id = p_season_id and s.ranked and s.sort_score = p_sort_score
              and (s.achieved_at, s.user_id) < (p_achieved_at, p_user_id)
          );
        end if;
        return (
          select coalesce(sum(t.players), 0) from standing_tie_counts t
          where t.season_id = p_season_id and t.sort_score = p_sort_score
            and (t.achieved_at, t.user_id) < (run.achieved_at, run.user_id)
        ) + (
          select count(*) from standings s
          where s.season_id = p_season_id and s.ranked and s.sort_score = p_sort_score
            and (s.achieved_at, s.user_id) >= (run.achieved_at, run.user_id)
            and (s.achieved_at, s.user_id) < (p_achieved_at, p_user_id)
        );
      end
      $$`);
    // The first bucket on the way to each score is next to 0 or -1 on its level.
    this.addSql(`
      create function laurel_count_players(p_season_id uuid)
      returns integer language plpgsql stable as $$
      begin
        return coalesce((
          select sum((
            select sum(c.players) from standing_counts c
            where c.season_id = p_season_id and c.level = root.level and c.bucket between -128 and 127
          ))
          from generate_series(0, 7) root (level)
        ), 0);
      end
      $$`);
  }

  private createPlaceFunction(): void {
    // Down from the roots (the buckets next to 0 and -1 on each level) to the score that holds the place.
    this.addSql(`
      create function laurel_standing_place(
        p_season_id uuid, p_ahead bigint,
        out sort_score bigint, out better bigint, out achieved_at timestamptz, out user_id uuid, out skip bigint
      ) language plpgsql stable as $$
      declare
        at_level integer;
        top integer;
        lowest bigint;
        found_bucket bigint;
        node record;
      begin
        skip := p_ahead;
        select coalesce(max(level), 0) into top from standing_counts where season_id = p_season_id;
        <<roots>>
        for step in -top - 1 .. top loop
          at_level := case when step < 0 then -step - 1 else step end;
          lowest := case when step < 0 then -128 else 0 end;
          for node in
            select c.bucket, c.players from standing_counts c
            where c.season_id = p_season_id and c.level = at_level and c.bucket between lowest and lowest + 127
            order by c.bucket
          loop
            if skip < node.players then
              found_bucket := node.bucket;
              exit roots;
            end if;
            skip := skip - node.players;
          end loop;
        end loop;
        if found_bucket is null then
          skip := null;
          return;
        end if;
        while at_level > 0 loop
          at_level := at_level - 1;
          lowest := found_bucket << 7;
          for node in
            select c.bucket, c.players from standing_counts c
            where c.season_id = p_season_id and c.level = at_level and c.bucket between lowest and lowest + 127
            order by c.bucket
          loop
            found_bucket := node.bucket;
            exit when skip < node.players;
            skip := skip - node.players;
          end loop;
        end loop;
        sort_score := found_bucket;
        better := p_ahead - skip;
        achieved_at := '-infinity';
        user_id := '00000000-0000-0000-0000-000000000000';
        for node in
          select t.achieved_at, t.user_id, t.players from standing_tie_counts t
          where t.season_id = p_season_id and t.sort_score = found_bucket order by t.achieved_at, t.user_id
        loop
          achieved_at := node.achieved_at;
          user_id := node.user_id;
          exit when skip < node.players;
          skip := skip - node.players;
        end loop;
      end
      $$`);
  }

  /** A standing inserted by hand for a deleted player is not ranked; the lock keeps it so beside a deletion. */
  private rankOnlyPresentPlayers(): void {
    this.replaceSortScoreFunction(`
        if tg_op = 'INSERT' then
          new.ranked := coalesce((select u.deleted_at is null from users u where u.id = new.user_id for share), true);
        end if;`);
  }

  /** A standing that is moved to a season of another board by hand may have to be turned as well. */
  private turnMovedStandings(changes: string): void {
    this.addSql(`drop trigger standings_sort_score_update on standings`);
    this.addSql(`
      create trigger standings_sort_score_update before update on standings
        for each row when ((${changes}) and new.sort_score = old.sort_score)
        execute function laurel_standing_sort_score()`);
  }

  private replaceSortScoreFunction(addition: string): void {
    this.addSql(`
      create or replace function laurel_standing_sort_score() returns trigger language plpgsql as $$
      begin
        select case l.score_order when 'LOWER_IS_BETTER' then new.score else -new.score end
        into new.sort_score
        from seasons s
        join leaderboards l on l.id = s.leaderboard_id
        where s.id = new.season_id;${addition}
        return new;
      end
      $$`);
  }

  /** All players of one statement at once: one after the other, they would touch the counts in any order. */
  private rankUsersAtOnce(): void {
    this.addSql(`drop trigger users_ranked on users`);
    this.addSql(`
      create or replace function laurel_user_ranked() returns trigger language plpgsql as $$
      declare
        changed uuid[];
      begin
        select array_agg(id) into changed from was join is_now using (id)
        where (was.deleted_at is null) <> (is_now.deleted_at is null);
        if changed is not null then
          update standings s set ranked = u.deleted_at is null
          from users u where u.id = any(changed) and s.user_id = u.id;
        end if;
        return null;
      end
      $$`);
    this.addSql(`
      create trigger users_ranked after update on users
        referencing old table as was new table as is_now
        for each statement execute function laurel_user_ranked()`);
  }
}
