import { instantOf } from '../service/staged-sql.js';
import { quoted } from '../identifier.js';
import type { Target } from '../target.js';
import type { Carrier } from './carriers.js';
import type { Count } from '../service/reconciled.js';
import { meetingOf } from './merge-checks.js';
import type { GameOptions } from './options.js';
import type { GameStaged } from './shape.js';

/**
 * Makes the temporary table laurel_merged_… of the staged rows that Laurel has already: which (`tid`), and whether the
 * staged one takes the other's place (`wins`).
 */
export async function findMerged(target: Target, { staged }: Carrier, options: GameOptions): Promise<void> {
  const merged = `create temporary table laurel_merged_${staged.name} on commit drop as`;
  const table = quoted(staged.table.name);
  if (staged.name === 'users') {
    await target.query(`${merged} select t.ctid as tid, false as wins
      from ${table} t join laurel_players p on p.staged_id = t.id and not p.is_new`);
  } else {
    const { stored, players, isSame, isEqual, wins } = meetingOf(staged, options);
    const takesPlace = options.merge === 'newer' ? `coalesce(not (${isEqual}) and ${wins}, false)` : 'false';
    await target.query(
      `${merged} select t.ctid as tid, ${takesPlace} as wins from ${table} t ${players} join ${stored} on ${isSame}`,
    );
  }
  await target.query(`create index on laurel_merged_${staged.name} (tid)`);
  await target.query(`analyze laurel_merged_${staged.name}`);
}

/**
 * Writes what is newer in the source into the rows that Laurel has, and the old integers of those that lack them.
 *
 * Users have no time of their last change in the source: Laurel's row stays as it is, and gets nothing but the old id
 * where it has none. What it lacks it is not given: nobody says that an address was the same person's on both sides, and
 * what a player has taken away is not to come back. A deleted account does not even get the old id. Of a friendship the
 * later one stays, of a month the better score, of a day the higher number of visits; scores never change.
 */
export async function mergeRows(
  target: Target,
  { staged }: Carrier,
  options: GameOptions,
): Promise<Pick<Count, 'merged' | 'updated'>> {
  if (staged.name === 'users') {
    await target.query(userUpdate(staged));
  } else if (staged.name !== 'scores') {
    await target.query(childUpdate(staged, options));
  }
  const [counted] = await target.query<{ merged: number; updated: number }>(
    `select count(*)::integer as merged, count(*) filter (where wins)::integer as updated
      from laurel_merged_${staged.name}`,
  );
  return { merged: counted?.merged ?? 0, updated: counted?.updated ?? 0 };
}

function userUpdate(users: GameStaged): string {
  return `update users u set legacy_id = t.id::integer, updated_at = now()
    from laurel_merged_users m join ${quoted(users.table.name)} t on t.ctid = m.tid
      join laurel_players p on p.staged_id = t.id
    where u.id = p.id and u.legacy_id is null and u.deleted_at is null`;
}

function childUpdate(staged: GameStaged, options: GameOptions): string {
  const { stored, players, isSame } = meetingOf(staged, options);
  const { table, own, key } = updateOf(staged, options);
  const newer = Object.keys(own).map(
    (column) => `${column} = case when s.wins then s.new_${column} else u.${column} end`,
  );
  const values = Object.entries(own).map(([column, value]) => `${value} as new_${column}`);
  const keys = key.map((column) => `u.${column} = s.${column}`).join(' and ');
  return `update ${table} u set ${newer.join(', ')}, legacy_id = coalesce(u.legacy_id, s.staged_id)
    from (
      select ${key.map((column) => `l.${column}`).join(', ')}, m.wins, t.id::integer as staged_id, ${values.join(', ')}
      from laurel_merged_${staged.name} m join ${quoted(staged.table.name)} t on t.ctid = m.tid
        ${players} join ${stored} on ${isSame}
    ) s
    where ${keys} and (s.wins or u.legacy_id is null)`;
}

interface Update {
  table: string;
  /** Columns that get the source's values, as SQL. */
  own: Readonly<Record<string, string>>;
  /** The table's own key. */
  key: readonly string[];
}

function updateOf(staged: GameStaged, { timeZone }: GameOptions): Update {
  switch (staged.name) {
    case 'users':
    case 'scores':
      throw new Error('Its rows are not changed by a merge in this way.');
    case 'friendships':
      return {
        table: 'friendships',
        own: {
          requester_id: 'p.id',
          receiver_id: 'q.id',
          status: 't.status',
          created_at: instantOf(staged, 'created_at', timeZone),
          responded_at: instantOf(staged, 'responded_at', timeZone, 'created_at'),
        },
        key: ['id'],
      };
    case 'monthly_scores': {
      const at = instantOf(staged, 'updated_at', timeZone);
      return {
        table: 'standings',
        own: {
          score: 't.score::bigint',
          sort_score: '-t.score::bigint',
          achieved_at: at,
          score_id: 'null::uuid',
          imported_score: 't.score::bigint',
          imported_at: at,
        },
        key: ['season_id', 'user_id'],
      };
    }
    case 'game_visits':
      return { table: 'visits', own: { visit_count: 't.visit_count::integer' }, key: ['user_id', 'visit_date'] };
  }
}
