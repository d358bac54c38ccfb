import { z } from 'zod';
import { literal, quoted } from '../identifier.js';
import { deleteFound, type RowsCheck, repeatedRows, rowCheck, setCheck, setFound } from '../service/checks.js';
import { KNOWN_HASH, MAX_EMAIL, MAX_HASH } from '../service/account-rules.js';
import { idChecks } from '../service/id-checks.js';
import type { GameOptions } from './options.js';
import { matchesSql } from './players.js';
import { type StagedTable, hasColumn, stagedTable } from '../service/staged-table.js';
import type { GameShape } from './shape.js';
import { UUID } from './staged-sql.js';

/** The column ends here. */
const MAX_NICKNAME = 320;

/** What no nickname can have that is to be shown in one line. */
const CONTROL = String.raw`[\u0001-\u001f\u007f-\u009f]`;

/**
 * What can be wrong with users, in the order in which it is to be looked for.
 *
 * Emails, birth dates and passwords are held to the rules of registration. Nicknames are carried over as they are, as
 * by the migrations, whatever the rules say of their length and invisible characters: only what the column cannot
 * hold, what has no visible key, control characters and what is taken is wrong.
 */
export function userChecks(shape: GameShape, options: GameOptions): RowsCheck[] {
  const users = stagedTable(shape, 'users')!;
  return [
    ...idChecks(users),
    ...publicIdChecks(users),
    ...(options.merge === undefined ? [] : matchChecks(users, options.merge)),
    rowCheck(
      users,
      `t.birth_date is not null and not (t.birth_date between '1900-01-01'
        and (now() at time zone ${literal(options.seasonTimeZone)})::date)`,
      { kind: 'dates', column: 'birth_date', repairs: { null: [setFound(users, 'birth_date = null')] } },
    ),
    ...(hasColumn(users, 'role')
      ? [
          rowCheck(users, `t.role is null or t.role not in ('user', 'admin')`, {
            kind: 'values',
            column: 'role',
            repairs: { null: [setFound(users, `role = 'user'`)] },
          }),
        ]
      : []),
    rowCheck(users, `coalesce(t.password !~ ${literal(KNOWN_HASH)} or char_length(t.password) > ${MAX_HASH}, false)`, {
      kind: 'password-hashes',
      column: 'password',
      repairs: { null: [setFound(users, 'password = null')] },
    }),
    ...emailChecks(users),
    ...nicknameChecks(users, options),
  ];
}

function publicIdChecks(users: StagedTable): RowsCheck[] {
  if (!hasColumn(users, 'user_id')) {
    return [];
  }
  return [
    rowCheck(users, `coalesce(t.user_id !~* ${UUID}, false)`, {
      kind: 'values',
      column: 'user_id',
      repairs: { null: [setFound(users, 'user_id = null')] },
    }),
    setCheck(users, repeatedRows(users, [`lower(replace(t.user_id, '-', ''))`], 't.id, t.row_no'), {
      kind: 'duplicates',
      column: 'user_id',
      repairs: { first: [deleteFound(users)] },
    }),
  ];
}

/** Of several that are one player of Laurel, the one with the better reason to be is the first. */
function matchChecks(users: StagedTable, merge: 'newer' | 'fail'): RowsCheck[] {
  const repeated = setCheck(
    users,
    `select tid from (
      select tid, row_number() over (partition by player order by strength, staged_id) as place
      from (${matchesSql(users)}) m where player is not null
    ) matched where place > 1`,
    { kind: 'email-collisions', column: 'email' },
  );
  const role = hasColumn(users, 'role') ? ' or t.role is distinct from u.role' : '';
  // Not the password: Laurel replaces the old hash at the first sign-in.
  const differing = setCheck(
    users,
    `select t.ctid from (${matchesSql(users)}) m
      join ${quoted(users.table.name)} t on t.ctid = m.tid join users u on u.id = m.player
      where t.email is distinct from u.email or t.nickname is distinct from u.nickname
        or t.birth_date is distinct from u.birth_date${role}`,
    { kind: 'duplicates', column: null },
  );
  return merge === 'fail' ? [repeated, differing] : [repeated];
}

function emailChecks(users: StagedTable): RowsCheck[] {
  const malformed = `t.email !~ ${literal(z.regexes.email.source)} or char_length(t.email) > ${MAX_EMAIL}`;
  return [
    rowCheck(users, `coalesce(${malformed}, false)`, {
      kind: 'emails',
      column: 'email',
      repairs: { null: [setFound(users, 'email = null')] },
    }),
    setCheck(users, repeatedRows(users, ['lower(normalize(t.email, NFKC))'], 't.id, t.row_no'), {
      kind: 'email-collisions',
      column: 'email',
    }),
  ];
}

function nicknameChecks(users: StagedTable, { merge }: GameOptions): RowsCheck[] {
  const rows = merge === undefined ? sameNicknames(users) : takenNicknames(users);
  const rename = (suffix: string): string => `left(t.nickname, ${MAX_NICKNAME} - char_length(${suffix})) || ${suffix}`;
  return [
    rowCheck(users, 't.nickname is null', { kind: 'null-values', column: 'nickname' }),
    rowCheck(users, `coalesce(char_length(t.nickname) > ${MAX_NICKNAME}, false)`, {
      kind: 'length',
      column: 'nickname',
      repairs: { truncate: [setFound(users, `nickname = left(t.nickname, ${MAX_NICKNAME})`)] },
    }),
    rowCheck(
      users,
      `coalesce(t.nickname ~ ${literal(CONTROL)} or (t.nickname !~ '[[:alnum:]]' and laurel_nickname_key(t.nickname) ~ '^\\s*$'), false)`,
      {
        kind: 'nicknames',
        column: 'nickname',
        repairs: { rename: [setFound(users, `nickname = 'player' || t.id`)] },
      },
    ),
    setCheck(users, rows, {
      kind: 'nickname-collisions',
      column: 'nickname',
      repairs: {
        rename: [
          setFound(users, `nickname = ${rename(`('-' || t.id)`)}`),
          // Whoever has the new name already, which is next to never.
          `update ${quoted(users.table.name)} t set nickname = ${rename(`('-' || t.id || '-' || left(md5(t.nickname), 6))`)}
            where t.ctid in (${rows})`,
        ],
      },
    }),
  ];
}

function sameNicknames(users: StagedTable): string {
  return repeatedRows(users, ['laurel_nickname_key(t.nickname)'], 't.id, t.row_no');
}

/** Names of players who are there already are not written, and cannot collide. */
function takenNicknames(users: StagedTable): string {
  return `select tid from (
      select fresh.tid, taken.id is not null as is_taken,
        row_number() over (partition by fresh.key order by fresh.staged_id, fresh.row_no) as place
      from (
        select m.tid, m.staged_id, t.row_no, laurel_nickname_key(t.nickname) as key
        from (${matchesSql(users)}) m join ${quoted(users.table.name)} t on t.ctid = m.tid
        where m.player is null and t.nickname is not null
      ) fresh left join users taken on taken.nickname_key = fresh.key
    ) placed where is_taken or place > 1`;
}
