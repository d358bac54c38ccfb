import { quoted } from '../identifier.js';
import { instantOf } from '../service/staged-sql.js';
import type { Target } from '../target.js';
import type { StaffOptions } from './options.js';
import { scheduleValues } from './schedule-values.js';
import type { StaffShape, StaffStaged } from './shape.js';

/** SQL: whether a staged schedule `t` and Laurel's `l` say the same. */
export function isSameSchedule(schedules: StaffStaged, options: StaffOptions): string {
  const values = scheduleValues(schedules, options);
  const stored = Object.keys(values).map((column) => `l.${column}`);
  return `(${stored.join(', ')}) is not distinct from (${Object.values(values).join(', ')})`;
}

/**
 * SQL: whether a staged schedule `t` was changed after Laurel's `l` was. A deletion that had come here with an earlier run
 * is none since: who was restored here stays.
 */
function isNewer(schedules: StaffStaged, { timeZone }: StaffOptions): string {
  const at = (column: string): string => instantOf(schedules, column, timeZone);
  return `greatest(${at('created_at')}, ${at('updated_at')}, case when ${at('deleted_at')} > l.imported_at then ${at('deleted_at')} end)
    > greatest(l.updated_at, l.deleted_at)`;
}

/**
 * Makes the temporary tables laurel_merged_… of the staged rows that Laurel has already: which (`tid`), and whether the
 * staged one takes the other's place (`wins`). Of employees the service kept no time of their last change: they stay as
 * they are here.
 */
export async function findMerged(target: Target, { tables }: StaffShape, options: StaffOptions): Promise<void> {
  for (const staged of tables) {
    const table = quoted(staged.table.name);
    const merged = `create temporary table laurel_merged_${staged.name} on commit drop as`;
    if (staged.name === 'employees') {
      await target.query(`${merged} select t.ctid as tid, false as wins
        from ${table} t join laurel_staff s on s.staged_id = t.employee_id and not s.is_new`);
    } else {
      const wins =
        options.merge === 'newer'
          ? `not (${isSameSchedule(staged, options)}) and ${isNewer(staged, options)}`
          : 'false';
      await target.query(`${merged} select t.ctid as tid, coalesce(${wins}, false) as wins
        from ${table} t join laurel_staff s on s.staged_id = t.employee_id
        join schedules l on l.legacy_id = t.schedule_id`);
    }
    await target.query(`create index on laurel_merged_${staged.name} (tid)`);
    await target.query(`analyze laurel_merged_${staged.name}`);
  }
}

/** SQL: writes what is newer in the source into the schedules that Laurel has. */
export function scheduleUpdate(schedules: StaffStaged, options: StaffOptions): string {
  const values = Object.entries(scheduleValues(schedules, options));
  return `update schedules u set ${values.map(([column]) => `${column} = n.${column}`).join(', ')},
      version = u.version + 1, imported_at = now(),
      reminder_queued_for = case when n.reminder_at <= now() then n.reminder_at else u.reminder_queued_for end
    from (
      select t.schedule_id, ${values.map(([column, value]) => `${value} as ${column}`).join(', ')}
      from laurel_merged_schedules m join ${quoted(schedules.table.name)} t on t.ctid = m.tid and m.wins
        join laurel_staff s on s.staged_id = t.employee_id
    ) n where u.legacy_id = n.schedule_id`;
}
