import { z } from 'zod';
import { literal, quoted } from '../identifier.js';
import { present, repeatedRows, rowCheck, type RowsCheck, setCheck, setFound } from '../service/checks.js';
import { idChecks } from '../service/id-checks.js';
import { MAX_EMAIL, MAX_HASH, KNOWN_HASH } from '../service/account-rules.js';
import { creationChecks, deletionChecks, flagCheck, wordChecks } from './common-checks.js';
import { wordOf } from './enums.js';
import type { StaffOptions } from './options.js';
import type { StaffStaged } from './shape.js';

/** Longer ones would not fit their index, in characters. */
const MAX_USERNAME = 255;

/** SQL: whether the row `t` of employees came with an earlier run. */
const IS_KNOWN = 'exists (select from employees known where known.legacy_id = t.employee_id)';

/** What can be wrong with employees, in the order in which it is to be looked for. */
export function employeeChecks(employees: StaffStaged, options: StaffOptions): RowsCheck[] {
  return [
    ...idChecks(employees),
    ...creationChecks(employees, options),
    flagCheck(employees, 'is_active', true),
    ...deletionChecks(employees, ['created_at'], options),
    wordChecks(employees, 'role'),
    rowCheck(
      employees,
      `coalesce(t.password !~ ${literal(KNOWN_HASH)} or char_length(t.password) > ${MAX_HASH}, true)`,
      {
        kind: 'password-hashes',
        column: 'password',
        repairs: { null: [setFound(employees, 'password = null')] },
      },
    ),
    ...present(employees, 'name', 'username', 'email'),
    rowCheck(
      employees,
      `coalesce(t.email !~ ${literal(z.regexes.email.source)} or char_length(t.email) > ${MAX_EMAIL}, false)`,
      { kind: 'emails', column: 'email' },
    ),
    setCheck(employees, repeatedRows(employees, ['lower(normalize(t.email, NFKC))'], 't.employee_id, t.row_no'), {
      kind: 'email-collisions',
      column: 'email',
    }),
    rowCheck(employees, `coalesce(char_length(t.username) > ${MAX_USERNAME}, false)`, {
      kind: 'length',
      column: 'username',
      repairs: { truncate: [setFound(employees, `username = left(t.username, ${MAX_USERNAME})`)] },
    }),
    usernameCheck(employees),
    ...(options.merge === 'fail'
      ? [setCheck(employees, differingEmployees(employees, options), { kind: 'duplicates', column: null })]
      : []),
    ...accountChecks(employees),
  ];
}

function usernameCheck(employees: StaffStaged): RowsCheck {
  const table = quoted(employees.table.name);
  const taken = `select tid from (
      select t.ctid as tid,
        exists (select from employees taken where lower(taken.username) collate "C" = lower(t.username) collate "C") as is_taken,
        row_number() over (partition by lower(t.username) collate "C" order by t.employee_id, t.row_no) as place
      from ${table} t where t.username is not null and not ${IS_KNOWN}
    ) placed where is_taken or place > 1`;
  return setCheck(employees, taken, {
    kind: 'nickname-collisions',
    column: 'username',
    repairs: {
      rename: [
        setFound(employees, `username = t.username || '-' || t.employee_id`),
        `update ${table} t set username = t.username || '-' || left(md5(t.email), 6) where t.ctid in (${taken})`,
      ],
    },
  });
}

/** SQL: the ctids of employees who came with an earlier run, and are not the same here as in the source. */
export function differingEmployees(employees: StaffStaged, { timeZone }: StaffOptions): string {
  const deletedAt =
    employees.table.columns.find(({ name }) => name === 'deleted_at')?.kind === 'instant'
      ? 't.deleted_at'
      : `(t.deleted_at at time zone ${literal(timeZone)})`;
  return `select t.ctid from ${quoted(employees.table.name)} t join employees e on e.legacy_id = t.employee_id
      where (e.name, e.username, e.email, e.role, e.is_active, e.deleted_at)
        is distinct from (t.name, t.username, t.email, ${wordOf('role')}, t.is_active, ${deletedAt})`;
}

/**
 * Accounts that have the address already. Who has shown here that it is theirs is the employee: the staff's own list
 * says whose it is. An address that nobody has confirmed could be anybody's.
 */
function accountChecks(employees: StaffStaged): RowsCheck[] {
  const owners = `select t.ctid from ${quoted(employees.table.name)} t
      join users u on lower(u.email) = lower(t.email) where not ${IS_KNOWN}`;
  const mayBeTheirs = `u.email_verified_at is not null and u.deleted_at is null and u.suspended_at is null
    and not exists (select from employees e where e.user_id = u.id)`;
  return [
    setCheck(
      employees,
      `select t.ctid from ${quoted(employees.table.name)} t
        where not ${IS_KNOWN} and exists (select from employees e where lower(e.email) = lower(t.email))
        union ${owners} and not (${mayBeTheirs})`,
      { kind: 'email-collisions', column: 'email' },
    ),
    setCheck(employees, `${owners} and ${mayBeTheirs}`, {
      kind: 'accounts',
      column: 'email',
      // The conversion takes the account that there is.
      repairs: { link: [] },
    }),
  ];
}
