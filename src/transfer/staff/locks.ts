import { TransferError } from '../errors.js';
import type { Target } from '../target.js';

/**
 * Keeps writes to accounts and to the staff's tables out until the transaction ends; reads and rows that refer to users
 * go on. In one statement and this order, as the server makes an account before its employee.
 */
export async function lockStaff(target: Target): Promise<void> {
  await target.query('lock table users, employees, schedules in share row exclusive mode');
}

/** @throws TransferError where a staff service was moved here before */
export async function refuseUnlessFirst(target: Target): Promise<void> {
  const carried = ['employees', 'schedules'].map(
    (table) => `select '${table}' as name where exists (select from ${table} where legacy_id is not null)`,
  );
  const filled = await target.query<{ name: string }>(carried.join(' union all '));
  if (filled.length > 0) {
    const names = filled.map(({ name }) => name).join(' and ');
    throw new TransferError(
      `A staff service was moved here before: there are its rows in ${names}. Nothing was changed. Add --merge newer or --merge fail to merge the source into them.`,
    );
  }
}
