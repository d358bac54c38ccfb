import { quoted } from '../identifier.js';
import { deleteFound, present, repeatedRows, rowCheck, type RowsCheck, setCheck, setFound } from '../service/checks.js';
import { idChecks } from '../service/id-checks.js';
import { MAX_INTEGER } from '../service/staged-sql.js';
import { timeChecks } from '../service/time-checks.js';
import { mergeChecks } from './merge-checks.js';
import type { GameOptions } from './options.js';
import type { GameStaged } from './shape.js';
import { MAX_SAFE } from './staged-sql.js';

/**
 * What can be wrong with a table other than users, in the order in which it is to be looked for. The players must have
 * been matched: a row of a user who was rejected is an orphan, and so is one of an account that was scrubbed: what was
 * forgotten does not come back.
 */
export function childChecks(staged: GameStaged, options: GameOptions): RowsCheck[] {
  return [
    ...idChecks(staged),
    ...ownChecks(staged, options),
    ...(options.merge === undefined ? [] : mergeChecks(staged, options)),
  ];
}

function ownChecks(staged: GameStaged, options: GameOptions): RowsCheck[] {
  switch (staged.name) {
    case 'users':
      return [];
    case 'scores':
      return [
        ...timeChecks(staged, 'created_at', options),
        ...scoreChecks(staged),
        ...present(staged, 'user_id', 'score', 'created_at'),
        orphans(staged, 'user_id'),
      ];
    case 'friendships':
      return friendshipChecks(staged, options);
    case 'monthly_scores':
      return monthlyScoreChecks(staged, options);
    case 'game_visits':
      return visitChecks(staged);
  }
}

function friendshipChecks(staged: GameStaged, options: GameOptions): RowsCheck[] {
  const table = quoted(staged.table.name);
  return [
    ...timeChecks(staged, 'created_at', options),
    rowCheck(staged, `t.status is null or t.status not in ('pending', 'accepted', 'rejected')`, {
      kind: 'values',
      column: 'status',
      repairs: { null: [setFound(staged, `status = 'pending'`)] },
    }),
    ...present(staged, 'requester_id', 'receiver_id', 'created_at'),
    orphans(staged, 'requester_id'),
    orphans(staged, 'receiver_id'),
    rowCheck(staged, 'coalesce(t.requester_id = t.receiver_id, false)', { kind: 'self-friendships', column: null }),
    setCheck(staged, repeatedRows(staged, ['t.requester_id', 't.receiver_id'], 't.row_no'), {
      kind: 'duplicates',
      column: null,
      repairs: { first: [deleteFound(staged)] },
    }),
    // The rule of the migration friendships_one_row_per_pair.
    setCheck(
      staged,
      `select tid from (
        select t.ctid as tid, t.requester_id, first_value(t.requester_id) over (
          partition by least(t.requester_id, t.receiver_id), greatest(t.requester_id, t.receiver_id)
          order by case t.status when 'accepted' then 1 when 'pending' then 2 else 3 end, t.created_at, t.id
        ) as first_requester
        from ${table} t
      ) pairs where requester_id <> first_requester`,
      {
        kind: 'reversed-friendships',
        column: null,
        repairs: {
          merge: [
            `update ${table} t set status = 'accepted', responded_at = other.created_at
              from laurel_found f join ${table} other on other.ctid = f.row
              where t.requester_id = other.receiver_id and t.receiver_id = other.requester_id
                and t.status = 'pending' and other.status = 'pending'`,
            deleteFound(staged),
          ],
        },
      },
    ),
  ];
}

function monthlyScoreChecks(staged: GameStaged, options: GameOptions): RowsCheck[] {
  const month = ['t.user_id', 't.year', 't.month'];
  return [
    ...timeChecks(staged, 'updated_at', options),
    rowCheck(staged, 'coalesce(not (t.month between 1 and 12 and t.year between 1 and 9999), false)', {
      kind: 'months',
      column: 'month',
    }),
    ...scoreChecks(staged),
    ...present(staged, 'user_id', 'year', 'month', 'score', 'updated_at'),
    orphans(staged, 'user_id'),
    setCheck(staged, repeatedRows(staged, month, 't.score desc nulls last, t.updated_at, t.id'), {
      kind: 'duplicate-months',
      column: null,
      repairs: {
        best: [deleteFound(staged)],
        newest: [
          `delete from ${quoted(staged.table.name)} t
            where t.ctid in (${repeatedRows(staged, month, 't.updated_at desc nulls last, t.id desc')})`,
        ],
      },
    }),
  ];
}

function visitChecks(staged: GameStaged): RowsCheck[] {
  const table = quoted(staged.table.name);
  return [
    rowCheck(staged, `t.visit_date is not null and not (t.visit_date between '0001-01-01' and '9999-12-31')`, {
      kind: 'dates',
      column: 'visit_date',
      repairs: { null: [setFound(staged, 'visit_date = null')] },
    }),
    rowCheck(staged, `coalesce(t.visit_count not between 1 and ${MAX_INTEGER}, false)`, {
      kind: 'numbers',
      column: 'visit_count',
      repairs: { clamp: [setFound(staged, `visit_count = greatest(1, least(t.visit_count, ${MAX_INTEGER}))`)] },
    }),
    ...present(staged, 'user_id', 'visit_date', 'visit_count'),
    orphans(staged, 'user_id'),
    setCheck(staged, repeatedRows(staged, ['t.user_id', 't.visit_date'], 't.visit_count desc nulls last, t.id'), {
      kind: 'duplicate-visits',
      column: null,
      repairs: {
        highest: [deleteFound(staged)],
        sum: [
          // No more than the column holds; the server's own counts stop there as well.
          `update ${table} t set visit_count = least(total, ${MAX_INTEGER}) from (
              select user_id, visit_date, sum(visit_count) as total from ${table}
              where (user_id, visit_date) in (select d.user_id, d.visit_date from laurel_found f join ${table} d on d.ctid = f.row)
              group by user_id, visit_date
            ) days
            where t.user_id = days.user_id and t.visit_date = days.visit_date
              and t.ctid not in (select row from laurel_found)`,
          deleteFound(staged),
        ],
      },
    }),
  ];
}

function scoreChecks(staged: GameStaged): RowsCheck[] {
  return [
    rowCheck(staged, `coalesce(t.score not between -${MAX_SAFE} and ${MAX_SAFE}, false)`, {
      kind: 'numbers',
      column: 'score',
      repairs: { clamp: [setFound(staged, `score = greatest(-${MAX_SAFE}, least(t.score, ${MAX_SAFE}))`)] },
    }),
  ];
}

function orphans(staged: GameStaged, column: string): RowsCheck {
  const reference = `t.${quoted(column)}`;
  return setCheck(
    staged,
    `select t.ctid from ${quoted(staged.table.name)} t where ${reference} is not null
      and not exists (select from laurel_players p where p.staged_id = ${reference} and not p.is_scrubbed)`,
    { kind: 'orphans', column },
  );
}
