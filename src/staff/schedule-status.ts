import { ScheduleStatus } from './schedule.type.js';

const { SCHEDULED, IN_PROGRESS, COMPLETED, CANCELLED } = ScheduleStatus;

/** Where a schedule can come from each status. What is completed stays so. */
const NEXT: Readonly<Record<ScheduleStatus, readonly ScheduleStatus[]>> = {
  [SCHEDULED]: [IN_PROGRESS, CANCELLED],
  [IN_PROGRESS]: [COMPLETED, CANCELLED, SCHEDULED],
  [COMPLETED]: [],
  [CANCELLED]: [SCHEDULED],
};

/** Every status from which a schedule can come to that one. */
export function statusesBefore(status: ScheduleStatus): ScheduleStatus[] {
  return Object.values(ScheduleStatus).filter((from) => NEXT[from].includes(status));
}
