import { quoted } from '../identifier.js';
import { runChecks, useMemory } from '../service/checks.js';
import { stagedTable } from '../service/staged-table.js';
import type { StagedCheck } from '../staged-check.js';
import type { Target } from '../target.js';
import { employeeChecks } from './employee-checks.js';
import type { StaffOptions } from './options.js';
import { scheduleChecks } from './schedule-checks.js';
import type { StaffShape } from './shape.js';
import { matchStaff } from './staff-members.js';

/**
 * Looks for all that is wrong with the staged rows of a staff service: employees first, then the schedules of those who
 * are left. Makes what the conversion needs to know of the employees.
 * @param run what is to be done with a check; answers how many rows it found
 */
export async function checkStaff(
  target: Target,
  shape: StaffShape,
  options: StaffOptions,
  run: (check: StagedCheck) => Promise<number>,
): Promise<void> {
  await useMemory(target);
  if (stagedTable(shape, 'employees') === undefined) {
    await matchStaff(target, shape, options);
  }
  for (const staged of shape.tables) {
    await target.query(`analyze ${quoted(staged.table.name)}`);
    if (staged.name === 'employees') {
      await runChecks(target, staged, employeeChecks(staged, options), run);
      await matchStaff(target, shape, options);
    } else {
      await runChecks(target, staged, scheduleChecks(staged, options), run);
    }
  }
}
