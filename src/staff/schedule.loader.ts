import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { findOwnSchedules, type OwnPage } from './schedule-list.service.js';
import type { ScheduleConnection } from './schedule.type.js';

/** Pages of employees' schedules. Asked only of employees that the viewer may see. */
export function ownSchedulesLoader({ em }: Context): DataLoader<OwnPage, ScheduleConnection, string> {
  return batchLoader(
    em,
    (pages) => findOwnSchedules(em, pages),
    ({ employeeId, days, key, size }) => JSON.stringify([employeeId, days, key, size]),
  );
}
