import { type ComparedColumn, comparedTime } from '../service/compare-tables.js';
import type { GameOptions } from './options.js';
import { hasColumn } from '../service/staged-table.js';
import type { GameStaged } from './shape.js';
import { MONTHLY, publicId } from './staged-sql.js';

/** How a staged table and Laurel's are read side by side. */
export interface Comparison {
  columns: readonly ComparedColumn[];
  /** SQL after the staging table aliased `t`. */
  stagedJoins: string;
  /** SQL after `from`, Laurel's table as `l`. */
  stored: string;
}

/** How to compare what was staged with what Laurel has; see the fields. */
export function comparisonOf(staged: GameStaged, { timeZone, merge }: GameOptions): Comparison {
  const time = (name: string, from = name): ComparedColumn => comparedTime(staged, name, timeZone, from);
  // Players that Laurel had before can have another old id there, or none.
  const owner = (name: string, alias: string): ComparedColumn =>
    merge === undefined
      ? { name, staged: `t.${name}::bigint`, stored: `${alias}_user.legacy_id::bigint`, isNumber: true }
      : { name, staged: `${alias}_player.id`, stored: `${alias}_user.id` };
  const known = (name: string, alias: string): string =>
    merge === undefined ? '' : `join laurel_players ${alias}_player on ${alias}_player.staged_id = t.${name}`;
  const user = (name: string, alias: string): string => `join users ${alias}_user on ${alias}_user.id = l.${name}`;
  switch (staged.name) {
    case 'users':
      return {
        columns: [
          ID,
          text('email'),
          text('nickname'),
          text('password', 'password_hash'),
          { name: 'birth_date', staged: 't.birth_date', stored: 'l.birth_date' },
          { name: 'role', staged: hasColumn(staged, 'role') ? 't.role' : `'user'::text`, stored: 'l.role::text' },
          ...(hasColumn(staged, 'user_id')
            ? [{ name: 'user_id', staged: `coalesce(${publicId()}, p.id)`, stored: 'l.id' }]
            : []),
        ],
        stagedJoins: 'join laurel_players p on p.staged_id = t.id',
        stored: 'users l',
      };
    case 'scores':
      return {
        columns: [ID, owner('user_id', 'u'), integer('score'), time('created_at')],
        stagedJoins: known('user_id', 'u'),
        stored: `scores l ${user('user_id', 'u')}`,
      };
    case 'friendships':
      return {
        columns: [
          ID,
          owner('requester_id', 'p'),
          owner('receiver_id', 'q'),
          text('status'),
          time('created_at'),
          respondedAt(time('created_at')),
        ],
        stagedJoins: `${known('requester_id', 'p')} ${known('receiver_id', 'q')}`,
        stored: `friendships l ${user('requester_id', 'p')} ${user('receiver_id', 'q')}`,
      };
    case 'monthly_scores':
      return {
        columns: [
          ID,
          owner('user_id', 'u'),
          { name: 'year', staged: 't.year::bigint', stored: 'm.year', isNumber: true },
          { name: 'month', staged: 't.month::bigint', stored: 'm.month', isNumber: true },
          integer('score'),
          time('updated_at', 'achieved_at'),
        ],
        stagedJoins: known('user_id', 'u'),
        stored: `standings l ${user('user_id', 'u')} join (
            select id, split_part(key, '-', 1)::bigint as year, split_part(key, '-', 2)::bigint as month
            from seasons where leaderboard_id = '${MONTHLY}'
          ) m on m.id = l.season_id`,
      };
    case 'game_visits':
      return {
        columns: [
          ID,
          owner('user_id', 'u'),
          { name: 'visit_date', staged: 't.visit_date', stored: 'l.visit_date' },
          integer('visit_count'),
        ],
        stagedJoins: known('user_id', 'u'),
        stored: `visits l ${user('user_id', 'u')}`,
      };
  }
}

const ID: ComparedColumn = { name: 'id', staged: 't.id::bigint', stored: 'l.legacy_id::bigint', isNumber: true };

function integer(name: string): ComparedColumn {
  return { name, staged: `t.${name}::bigint`, stored: `l.${name}::bigint`, isNumber: true };
}

function text(name: string, from = name): ComparedColumn {
  return { name, staged: `t.${name}`, stored: `l.${from}::text` };
}

/** Not a column of the source, but what the request in the other direction has left in this one. */
function respondedAt({ staged, stored }: ComparedColumn): ComparedColumn {
  const rename = (sql: string): string => sql.replace('created_at', 'responded_at');
  return { name: 'responded_at', staged: rename(staged), stored: rename(stored) };
}
