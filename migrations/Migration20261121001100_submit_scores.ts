import { Migration } from '@mikro-orm/migrations';

/**
 * The submission of scores as one call, so that it takes one round trip and waits for nobody's network while it
 * holds locks: players locked, seasons opened, each score aggregated in its order, standings written last.
 */
export class Migration20261121001100_submit_scores extends Migration {
  override up(): void {
    // p_items: item (its number), user_id, season (its place in p_seasons, from 1), score, key (or null), score_id.
    // p_seasons: id, key, starts_at, ends_at of the current season, with leaderboard_id, slug, period, time_zone.
    // SQLSTATEs of its own, with the item's number as the detail: LA001 these are not the seasons of now (nothing
    // is at fault, look again), LA002 no such player, LA003 the key came with another score or board before,
    // LA004 the sum would leave the range of safe integers. 40001 as ever: try again.
    this.addSql(`
      create function laurel_submit_scores(p_items jsonb, p_seasons jsonb, p_with_places boolean)
      returns table (
        id uuid, user_id uuid, season_id uuid, created_at timestamptz,
        improved boolean, previous_score bigint, previous_rank integer,
        score bigint, sort_score bigint, achieved_at timestamptz, better integer, tied_ahead integer
      ) language plpgsql set plan_cache_mode = force_generic_plan as $$
      #variable_conflict use_column
      declare
        opened record;
        item record;
        boards leaderboards[] := '{}';
        board leaderboards;
        entry scores;
        entries scores[] := '{}';
        -- The standings that this call moves: as they were, and as they become.
        stands standings;
        before standings[] := '{}';
        after standings[] := '{}';
        place integer;
        value bigint;
        sort_value bigint;
        replaces boolean;
        missing integer;
        fresh integer := 0;
        is_moved boolean := false;
        stored integer;
      begin
        perform from users u
        where u.id in (select i.user_id from jsonb_to_recordset(p_items) i (user_id uuid)) and u.deleted_at is null
        order by u.id for no key update;
        get diagnostics stored = row_count;
        if stored < jsonb_array_length(p_items) then
          select min(i.item) into missing from jsonb_to_recordset(p_items) i (item integer, user_id uuid)
          where not exists (select from users u where u.id = i.user_id and u.deleted_at is null);
        end if;
        if missing is not null then
          raise exception 'there is no such player' using errcode = 'LA002', detail = missing::text;
        end if;

        for opened in
          select s.*, l as board
          from jsonb_to_recordset(p_seasons) s (
            season integer, id uuid, key text, starts_at timestamptz, ends_at timestamptz,
            leaderboard_id uuid, slug text, period text, time_zone text
          )
          left join leaderboards l
            on l.id = s.leaderboard_id and l.slug = s.slug and l.period = s.period and l.time_zone = s.time_zone
          -- In one order, so that two batches that open the same seasons cannot wait for each other.
          order by s.id
        loop
          board := opened.board;
          if board.id is null or now() < opened.starts_at or now() >= opened.ends_at then
            raise exception 'these are not the seasons of now' using errcode = 'LA001';
          end if;
          boards[opened.season] := board;
          -- A season to which nothing but repeated keys of earlier ones comes has not been played: it gets no row.
          if not exists (select from seasons s where s.id = opened.id) then
            insert into seasons (id, leaderboard_id, key, starts_at, ends_at)
            select opened.id, opened.leaderboard_id, opened.key, opened.starts_at, opened.ends_at
            where exists (
              select from jsonb_to_recordset(p_items) i (user_id uuid, season integer, key text)
              where i.season = opened.season and not exists (
                select from scores e where e.user_id = i.user_id and e.idempotency_key = i.key
              )
            )
            on conflict do nothing;
          end if;
        end loop;

        for item in
          select i.*, s.id as season_id
          from jsonb_to_recordset(p_items) i (
            item integer, user_id uuid, season integer, score bigint, key text, score_id uuid
          )
          join jsonb_to_recordset(p_seasons) s (season integer, id uuid) on s.season = i.season
          order by i.item
        loop
          board := boards[item.season];
          if item.key is not null then
            select e.* into entry from scores e where e.user_id = item.user_id and e.idempotency_key = item.key;
            if found then
              if entry.score <> item.score or not exists (
                select from seasons s where s.id = entry.season_id and s.leaderboard_id = board.id
              ) then
                raise exception 'the key was used before' using errcode = 'LA003', detail = item.item::text;
              end if;
              entries[item.item] := entry;
              continue;
            end if;
          end if;

          place := null;
          for n in 1 .. cardinality(after) loop
            if after[n].user_id = item.user_id and after[n].season_id = item.season_id then
              place := n;
            end if;
          end loop;
          if place is null then
            select s.* into stands from standings s
            where s.season_id = item.season_id and s.user_id = item.user_id for no key update;
            fresh := fresh + (not found)::integer;
            place := cardinality(after) + 1;
            before[place] := stands;
            stands.season_id := item.season_id;
            stands.user_id := item.user_id;
            after[place] := stands;
          end if;
          stands := after[place];

          entry.id := item.score_id;
          entry.user_id := item.user_id;
          entry.season_id := item.season_id;
          entry.score := item.score;
          entry.idempotency_key := item.key;
          entry.created_at := now();
          entry.previous_score := stands.score;
          entry.previous_rank := null;
          if stands.score is not null and coalesce(stands.ranked, true) then
            entry.previous_rank := 1 + laurel_count_better(item.season_id, stands.sort_score);
            if is_moved then
              -- The tree does not know this call's earlier scores yet.
              entry.previous_rank := entry.previous_rank + (
                select coalesce(sum(
                  (a.sort_score < stands.sort_score)::integer
                  - (b.season_id is not null and b.ranked and b.sort_score < stands.sort_score)::integer
                ), 0)
                from unnest(after) with ordinality a join unnest(before) with ordinality b using (ordinality)
                where a.season_id = item.season_id and a.score_id is distinct from b.score_id
              );
            end if;
          end if;

          value := item.score;
          sort_value := case board.score_order when 'LOWER_IS_BETTER' then value else -value end;
          entry.improved := stands.score is null or sort_value < stands.sort_score;
          -- Submissions can come out of the order of their transactions' starts; what counts is when they started.
          case board.aggregation
          when 'BEST' then
            -- An equal score that was submitted earlier, but gets here later, has reached it first.
            replaces := stands.score is null or (sort_value, now()) < (stands.sort_score, stands.achieved_at);
          when 'LATEST' then
            replaces := stands.score is null or (now(), item.score_id)
              > (stands.achieved_at, coalesce(stands.score_id, '00000000-0000-0000-0000-000000000000'));
            entry.improved := entry.improved and replaces;
          when 'SUM' then
            replaces := stands.score is null or value <> 0;
            entry.improved := stands.score is null or sort_value < 0;
            value := value + coalesce(stands.score, 0);
            sort_value := sort_value + coalesce(stands.sort_score, 0);
            if value not between -9007199254740991 and 9007199254740991 then
              raise exception 'the sum would leave the range' using errcode = 'LA004', detail = item.item::text;
            end if;
          end case;
          if replaces then
            stands.score := value;
            stands.sort_score := sort_value;
            stands.achieved_at := case board.aggregation
              when 'SUM' then greatest(now(), stands.achieved_at) else now() end;
            stands.score_id := item.score_id;
            after[place] := stands;
            is_moved := true;
          end if;
          insert into scores
            (id, user_id, season_id, score, improved, previous_score, previous_rank, idempotency_key, created_at)
          values
            (entry.id, entry.user_id, entry.season_id, entry.score, entry.improved, entry.previous_score,
              entry.previous_rank, entry.idempotency_key, entry.created_at);
          entries[item.item] := entry;
        end loop;

        -- All of them in one statement, so that the rank tree is moved once, in its order, and two batches cannot
        -- wait for each other: new ones are stored unranked before it, unless there is no other.
        if fresh > 0 then
          insert into standings (season_id, user_id, score, sort_score, achieved_at, score_id, ranked)
          select a.season_id, a.user_id, a.score, a.sort_score, a.achieved_at, a.score_id, cardinality(after) = 1
          from unnest(after) with ordinality a join unnest(before) with ordinality b using (ordinality)
          where b.season_id is null
          on conflict do nothing;
          get diagnostics stored = row_count;
          if stored < fresh then
            raise exception 'a standing has come meanwhile' using errcode = '40001';
          end if;
        end if;
        if is_moved and (fresh = 0 or cardinality(after) > 1) then
          update standings s set score = a.score, sort_score = a.sort_score, achieved_at = a.achieved_at,
            score_id = a.score_id, ranked = s.ranked or b.season_id is null
          from unnest(after) with ordinality a join unnest(before) with ordinality b using (ordinality)
          where s.season_id = a.season_id and s.user_id = a.user_id and a.score_id is distinct from b.score_id;
        end if;

        return query
        select e.id, e.user_id, e.season_id, e.created_at, e.improved, e.previous_score, e.previous_rank,
          s.score, s.sort_score, s.achieved_at,
          case when s.ranked then laurel_count_better(s.season_id, s.sort_score) end,
          case when s.ranked then laurel_count_tied_ahead(s.season_id, s.sort_score, s.achieved_at, s.user_id) end
        from unnest(entries) with ordinality e
        left join standings s on p_with_places and s.season_id = e.season_id and s.user_id = e.user_id and s.ranked
        order by e.ordinality;
      end
      $$`);
  }

  override down(): void {
    this.addSql(`drop function laurel_submit_scores(jsonb, jsonb, boolean)`);
  }
}
