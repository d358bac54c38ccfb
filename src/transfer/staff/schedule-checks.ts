import { quoted } from '../identifier.js';
import { present, rowCheck, type RowsCheck, setCheck, setFound } from '../service/checks.js';
import { idChecks } from '../service/id-checks.js';
import { timeChecks } from '../service/time-checks.js';
import { creationChecks, deletionChecks, flagCheck, wordChecks } from './common-checks.js';
import { isSameSchedule } from './merge.js';
import type { StaffOptions } from './options.js';
import type { StaffStaged } from './shape.js';

/**
 * What can be wrong with schedules, in the order in which it is to be looked for; the employees must have been matched.
 * That they end before they start, or that nobody knows when to remind of them, is carried over as it is.
 */
export function scheduleChecks(schedules: StaffStaged, options: StaffOptions): RowsCheck[] {
  const table = quoted(schedules.table.name);
  return [
    ...idChecks(schedules),
    ...creationChecks(schedules, options),
    ...timeChecks(schedules, 'updated_at', options),
    ...timeChecks(schedules, 'reminder_time', options),
    ...deletionChecks(schedules, ['updated_at', 'created_at'], options),
    ...dayChecks(schedules),
    wordChecks(schedules, 'schedule_type'),
    wordChecks(schedules, 'status'),
    wordChecks(schedules, 'priority'),
    flagCheck(schedules, 'reminder', false),
    ...present(schedules, 'employee_id', 'title', 'schedule_date'),
    setCheck(
      schedules,
      `select t.ctid from ${table} t where t.employee_id is not null
        and not exists (select from laurel_staff s where s.staged_id = t.employee_id)`,
      { kind: 'orphans', column: 'employee_id' },
    ),
    ...(options.merge === 'fail'
      ? [
          setCheck(
            schedules,
            `select t.ctid from ${table} t join schedules l on l.legacy_id = t.schedule_id
              join laurel_staff s on s.staged_id = t.employee_id
              where not (${isSameSchedule(schedules, options)})`,
            { kind: 'duplicates', column: null },
          ),
        ]
      : []),
  ];
}

/** Days of the calendar, and clock times of that day. */
function dayChecks(schedules: StaffStaged): RowsCheck[] {
  const checks = [
    rowCheck(schedules, `coalesce(not (t.schedule_date >= '0001-01-01' and t.schedule_date < '10000-01-01'), false)`, {
      kind: 'dates',
      column: 'schedule_date',
      repairs: { null: [setFound(schedules, 'schedule_date = null')] },
    }),
  ];
  const isDated = (column: string): boolean =>
    schedules.table.columns.find(({ name }) => name === column)?.kind === 'timestamp';
  if (isDated('schedule_date')) {
    checks.push(
      rowCheck(schedules, `coalesce(t.schedule_date <> date_trunc('day', t.schedule_date), false)`, {
        kind: 'values',
        column: 'schedule_date',
        repairs: { null: [setFound(schedules, `schedule_date = date_trunc('day', t.schedule_date)`)] },
      }),
    );
  }
  for (const column of ['start_time', 'end_time'].filter(isDated)) {
    const name = quoted(column);
    checks.push(
      rowCheck(schedules, `coalesce(t.${name}::date <> t.schedule_date::date, false)`, {
        kind: 'dates',
        column,
        repairs: { null: [setFound(schedules, `${name} = null`)] },
      }),
    );
  }
  return checks;
}
