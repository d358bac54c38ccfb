import { instantOf, newIdSql } from '../service/staged-sql.js';
import { literal, quoted } from '../identifier.js';
import type { GameOptions } from './options.js';
import { monthOf } from './seasons.js';
import { hasColumn } from '../service/staged-table.js';
import type { GameShape, GameStaged } from './shape.js';

/** How a staged table gets into Laurel. */
export interface Carrier {
  staged: GameStaged;
  /** Laurel's table. */
  into: string;
  /** The statement that writes the rows that Laurel does not have. */
  insert: string;
}

/** How each of the staged tables gets into Laurel, users first. Players, months and merged rows must be known. */
export function carriers(shape: GameShape, options: GameOptions): Carrier[] {
  return shape.tables.map((staged) => carrier(staged, shape, options));
}

function carrier(staged: GameStaged, shape: GameShape, options: GameOptions): Carrier {
  const { timeZone, seasonTimeZone, merge } = options;
  const from = `from ${quoted(staged.table.name)} t`;
  const player = 'join laurel_players p on p.staged_id = t.user_id';
  const fresh =
    merge === undefined ? '' : `where not exists (select from laurel_merged_${staged.name} x where x.tid = t.ctid)`;
  switch (staged.name) {
    case 'users':
      return { staged, into: 'users', insert: userInsert(staged, shape, options) };
    case 'scores': {
      const at = instantOf(staged, 'created_at', timeZone);
      return {
        staged,
        into: 'scores',
        insert: `
          insert into scores (id, legacy_id, user_id, season_id, score, created_at)
          select ${newIdSql('t.row_no')}, t.id::integer, p.id,
            case when ${at} < m.next_from then m.season_id else m.next_id end, t.score::bigint, ${at}
          ${from} ${player} join laurel_months m on m.month = ${monthOf(at, seasonTimeZone)}
          ${fresh}`,
      };
    }
    case 'friendships':
      return {
        staged,
        into: 'friendships',
        insert: `
          insert into friendships (id, legacy_id, requester_id, receiver_id, status, created_at, responded_at)
          select ${newIdSql('t.row_no')}, t.id::integer, p.id, q.id, t.status,
            ${instantOf(staged, 'created_at', timeZone)}, ${instantOf(staged, 'responded_at', timeZone, 'created_at')}
          ${from} join laurel_players p on p.staged_id = t.requester_id join laurel_players q on q.staged_id = t.receiver_id
          ${fresh}`,
      };
    case 'monthly_scores': {
      const at = instantOf(staged, 'updated_at', timeZone);
      return {
        staged,
        into: 'standings',
        insert: `
          insert into standings
            (season_id, user_id, legacy_id, score, sort_score, achieved_at, imported_score, imported_at, ranked)
          select m.season_id, p.id, t.id::integer, t.score::bigint, -t.score::bigint, ${at}, t.score::bigint, ${at},
            u.deleted_at is null and u.suspended_at is null
          ${from} ${player} join users u on u.id = p.id join laurel_months m on m.month = make_date(t.year::integer, t.month::integer, 1)::timestamp
          ${fresh}`,
      };
    }
    case 'game_visits':
      return {
        staged,
        into: 'visits',
        insert: `
          insert into visits (user_id, visit_date, visit_count, legacy_id)
          select p.id, t.visit_date, t.visit_count::integer, t.id::integer ${from} ${player} ${fresh}`,
      };
  }
}

/**
 * Nobody noted when these users registered: their earliest trace is the best answer, as in the migrations. As there,
 * everybody keeps their nickname, and of those who look alike the oldest alone holds it against others.
 */
function userInsert(users: GameStaged, shape: GameShape, { timeZone }: GameOptions): string {
  const role = hasColumn(users, 'role') ? 't.role' : `'user'`;
  const traces = shape.tables.flatMap((staged) => {
    const trace = (id: string, at: string): string =>
      `select t.${id} as staged_id, min(${at}) as at from ${quoted(staged.table.name)} t group by 1`;
    switch (staged.name) {
      case 'users':
        return [];
      case 'scores':
        return [trace('user_id', instantOf(staged, 'created_at', timeZone))];
      case 'friendships': {
        const at = instantOf(staged, 'created_at', timeZone);
        return [trace('requester_id', at), trace('receiver_id', at)];
      }
      case 'monthly_scores':
        return [trace('user_id', instantOf(staged, 'updated_at', timeZone))];
      case 'game_visits':
        return [trace('user_id', `t.visit_date::timestamp at time zone ${literal(timeZone)}`)];
    }
  });
  const earliest =
    traces.length === 0
      ? ''
      : `left join (select staged_id, min(at) as at from (${traces.join(' union all ')}) traces group by 1) trace
          on trace.staged_id = t.id`;
  return `
    insert into users (id, legacy_id, email, nickname, password_hash, birth_date, role, created_at, look_alike_kept)
    select id, legacy_id, email, nickname, password, birth_date, role, created_at,
      row_number() over (partition by skeleton order by created_at, id) > 1
        or exists (select from users taken where taken.nickname_skeleton = skeleton)
    from (
      select p.id, t.id::integer as legacy_id, t.email, t.nickname, t.password, t.birth_date, ${role} as role,
        ${earliest === '' ? 'now()' : 'least(trace.at, now())'} as created_at,
        laurel_nickname_skeleton(t.nickname) as skeleton
      from ${quoted(users.table.name)} t join laurel_players p on p.staged_id = t.id and p.is_new ${earliest}
      offset 0
    ) arriving`;
}
