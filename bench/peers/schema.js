import { withClient } from '../postgres.js';

/*
 * What the peers need in the database beside Laurel's tables. PostGraphile makes its API from this schema, as its
 * documentation advises: flattened views for what clients see, functions in SQL for what is more than a row. A
 * standing has its player's nickname in it: a relation behind a function would be one more statement. Ranks are
 * counted in the index of the standings, which is the means that plain SQL has.
 */

const VIEWER = `current_setting('laurel.user_id')::uuid`;

/** The current season, as a subquery: asked once per statement, so that the index gives the standings in their order. */
const SEASON = `(select season.id from public.seasons season
    join public.leaderboards board on board.id = season.leaderboard_id and board.slug = 'monthly'
    where season.starts_at <= now() and season.ends_at > now())`;

const RANKS = `1 + (select count(*) from public.standings b
    where b.season_id = s.season_id and b.ranked and b.sort_score < s.sort_score),
  1 + (select count(*) from public.standings b
    where b.season_id = s.season_id and b.ranked
      and (b.sort_score, b.achieved_at, b.user_id) < (s.sort_score, s.achieved_at, s.user_id))`;

/** The order of a season, from the better of two sides outwards. */
const ORDER = (direction) => `s.sort_score ${direction}, s.achieved_at ${direction}, s.user_id ${direction}`;

const FRIENDS = `select receiver_id as user_id from public.friendships
    where requester_id = ${VIEWER} and status = 'accepted'
  union all
  select requester_id from public.friendships where receiver_id = ${VIEWER} and status = 'accepted'`;

const VIEWS = `
create schema peer;

create view peer.player as select id, nickname from public.users where deleted_at is null;
comment on view peer.player is E'@primaryKey id\\n@behavior -query:resource:list -query:resource:connection';

-- The shape of a standing with its ranks. Functions fill it in: a view cannot rank without ranking everybody.
create view peer.place as
  select s.user_id, u.nickname, s.score, null::bigint as rank, null::bigint as position
  from public.standings s join public.users u on u.id = s.user_id where s.ranked;
comment on view peer.place is E'@behavior -query:resource:list -query:resource:connection';

create view peer.request as
  select f.requester_id, u.nickname, f.created_at
  from public.friendships f join public.users u on u.id = f.requester_id where f.status = 'pending';
comment on view peer.request is E'@behavior -query:resource:list -query:resource:connection';
`;

/** Functions of rows are sets, of one row too: PostgreSQL makes those a part of the query that calls them. */
const returns = (name, parameters, type, body, tags) => `
create function peer.${name}(${parameters}) returns ${type} language sql stable as $$ ${body} $$;
comment on function peer.${name} is E'${tags}';`;

/** Numbers come from PL/pgSQL, which keeps the plan. */
const returnsNumber = (name, body) => `
create function peer.${name}() returns integer language plpgsql stable as $$ begin return (${body}); end $$;`;

const LIST = '@behavior -queryField:resource:connection +queryField:resource:list +resource:list -resource:connection';

const FUNCTIONS = [
  // The first page needs no count: nobody is before it.
  returns(
    'top_places',
    'size integer',
    'setof peer.place',
    `select s.user_id, u.nickname, s.score, rank() over (order by s.sort_score),
        row_number() over (order by s.sort_score, s.achieved_at, s.user_id)
      from (
        select s.* from public.standings s where s.season_id = ${SEASON} and s.ranked order by ${ORDER('')} limit size
      ) s join public.users u on u.id = s.user_id
      order by ${ORDER('')}`,
    LIST,
  ),
  returns(
    'place_of',
    'player_id uuid',
    'setof peer.place',
    `select s.user_id, u.nickname, s.score, ${RANKS}
      from public.standings s join public.users u on u.id = s.user_id
      where s.season_id = ${SEASON} and s.ranked and s.user_id = player_id`,
    LIST,
  ),
  returns(
    'viewer',
    '',
    'setof peer.player',
    `select u.id, u.nickname from public.sessions e join public.users u on u.id = e.user_id
      where e.id = current_setting('laurel.session_id')::uuid and e.revoked_at is null and e.expires_at > now()
        and u.deleted_at is null`,
    LIST,
  ),
  returnsNumber(
    'visit_streak',
    `select coalesce(max(days) filter (where last_day >= current_date - 1), 0)::integer from (
        select count(*) as days, max(visit_date) as last_day from (
          select visit_date, visit_date - (row_number() over (order by visit_date))::integer as run
          from public.visits where user_id = ${VIEWER}
        ) numbered group by run
      ) runs`,
  ),
  returns(
    'incoming_requests',
    'size integer',
    'setof peer.request',
    `select f.requester_id, u.nickname, f.created_at
      from public.friendships f join public.users u on u.id = f.requester_id
      where f.receiver_id = ${VIEWER} and f.status = 'pending' order by f.created_at desc, f.id desc limit size`,
    LIST,
  ),
  returnsNumber(
    'incoming_request_count',
    `select count(*)::integer from public.friendships where receiver_id = ${VIEWER} and status = 'pending'`,
  ),
  returns(
    'friends_by_nickname',
    'size integer',
    'setof peer.place',
    `select s.user_id, friend.nickname, s.score, ${RANKS} from (
        select u.id, u.nickname, u.nickname_key from (${FRIENDS}) friend join public.users u on u.id = friend.user_id
        where u.deleted_at is null order by u.nickname_key limit size
      ) friend
      join public.standings s on s.season_id = ${SEASON} and s.user_id = friend.id and s.ranked
      order by friend.nickname_key`,
    LIST,
  ),
  returns(
    'friend_places',
    'size integer',
    'setof peer.place',
    `with circle as materialized (
        select s.* from (select ${VIEWER} as user_id union all ${FRIENDS}) member
        join public.standings s on s.season_id = ${SEASON} and s.user_id = member.user_id and s.ranked
      )
      select s.user_id, u.nickname, s.score, ${RANKS}
      from (select * from circle s order by ${ORDER('')} limit size) s join public.users u on u.id = s.user_id
      order by ${ORDER('')}`,
    LIST,
  ),
  // One rank is counted, that of the first row; the others follow from it. What one side lacks, the other side gets.
  returns(
    'places_around',
    'radius integer',
    'setof peer.place',
    `with target as materialized (select s.* from public.standings s where s.season_id = ${SEASON} and s.ranked and s.user_id = ${VIEWER}),
      above as materialized (
        select n.*, row_number() over (order by n.sort_score desc, n.achieved_at desc, n.user_id desc) as distance
        from target t, lateral (
          select s.* from public.standings s where s.season_id = t.season_id and s.ranked
            and (s.sort_score, s.achieved_at, s.user_id) < (t.sort_score, t.achieved_at, t.user_id)
          order by ${ORDER('desc')} limit 2 * radius) n
      ),
      below as materialized (
        select n.*, row_number() over (order by n.sort_score, n.achieved_at, n.user_id) as distance
        from target t, lateral (
          select s.* from public.standings s where s.season_id = t.season_id and s.ranked
            and (s.sort_score, s.achieved_at, s.user_id) > (t.sort_score, t.achieved_at, t.user_id)
          order by ${ORDER('')} limit 2 * radius) n
      ),
      page as materialized (
        select * from above where distance <= greatest(radius, 2 * radius - (select count(*) from below))
        union all select *, 0 from target
        union all select * from below where distance <= greatest(radius, 2 * radius - (select count(*) from above))
      ),
      first (rank, position) as materialized (
        select ${RANKS}
        from (select * from page order by sort_score, achieved_at, user_id limit 1) s
      ),
      numbered as (
        select page.*, row_number() over w - 1 as further, rank() over (order by sort_score) - 1 as further_rank
        from page window w as (order by sort_score, achieved_at, user_id)
      )
      select s.user_id, u.nickname, s.score,
        case when further_rank = 0 then first.rank else first.position + further_rank end, first.position + further
      from numbered s join public.users u on u.id = s.user_id, first order by ${ORDER('')}`,
    LIST,
  ),
];

/** Makes the schema `peer`, for the peers alone. */
export async function createPeerSchema(url) {
  await withClient(url, (client) => client.query(VIEWS + FUNCTIONS.join('\n')));
}
