import { MAX_SAMPLES } from '../finding.js';
import { quoted } from '../identifier.js';
import { stagedTable } from '../service/staged-table.js';
import type { Source } from '../source.js';
import { checkStaff } from '../staff/check-staff.js';
import { convertStaff } from '../staff/convert.js';
import { differingEmployees } from '../staff/employee-checks.js';
import { lockStaff, refuseUnlessFirst } from '../staff/locks.js';
import type { StaffOptions } from '../staff/options.js';
import { reconcileStaff } from '../staff/reconcile.js';
import type { StaffShape } from '../staff/shape.js';
import type { Table } from '../table.js';
import type { Target } from '../target.js';
import type { NotCarried } from './report.js';
import type { Mover } from './run.js';
import { serviceImport } from './service-import.js';

/**
 * Moves a staff service's database into Laurel's tables.
 * @param leftOut what the source has beside tables
 */
export function staffImport<T extends Table>(
  source: Source<T>,
  shape: StaffShape,
  rest: Omit<StaffOptions, 'timeZone'>,
  leftOut: readonly NotCarried[],
): Mover {
  return serviceImport(
    source,
    shape,
    {
      mode: 'staff',
      called: 'staff service',
      filled: ['users', 'employees', 'schedules'],
      prepare: async (target) => {
        if (rest.merge === undefined) {
          await refuseUnlessFirst(target);
        }
      },
      check: async (target, timeZone, run) => {
        await lockStaff(target);
        await checkStaff(target, shape, { ...rest, timeZone }, run);
      },
      write: async (target, timeZone) => {
        const options = { ...rest, timeZone };
        const kept = await keptEmployees(target, shape, options);
        const counts = await convertStaff(target, shape, options);
        const reconciliation = await reconcileStaff(target, shape, options, counts);
        return { ...reconciliation, sequences: [], notes: [...linkedNotes(await linkedAccounts(target)), ...kept] };
      },
    },
    leftOut,
  );
}

/** How many of the employees who came with this run have an account that was there. */
async function linkedAccounts(target: Target): Promise<number> {
  const [counted] = await target.query<{ rows: number }>(
    'select count(*)::integer as rows from laurel_staff where is_new and not has_new_account',
  );
  return counted!.rows;
}

function linkedNotes(rows: number): string[] {
  return rows === 0 ? [] : [`Employees who sign in with the account that they had here, and its password: ${rows}`];
}

/** Who was changed on one side since an earlier run stays as they are here, deleted and inactive ones too: it is told. */
async function keptEmployees(target: Target, shape: StaffShape, options: StaffOptions): Promise<string[]> {
  const employees = stagedTable(shape, 'employees');
  if (employees === undefined || options.merge !== 'newer') {
    return [];
  }
  const [kept] = await target.query<{ rows: number; first: string }>(
    `select count(*)::integer as rows, array_to_string((array_agg(employee_id order by employee_id))[:${MAX_SAMPLES}], ', ') as first
      from ${quoted(employees.table.name)} where ctid in (${differingEmployees(employees, options)})`,
  );
  return kept!.rows === 0
    ? []
    : [
        `Employees who are not the same in the source, and stay as they are here, as it has no time of their last change: ${kept!.rows} (employee_id ${kept!.first}). Edit them here`,
      ];
}
