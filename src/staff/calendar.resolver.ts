import { Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.js';
import { CALENDAR_PATH, renewCalendar, withdrawCalendar } from './calendar.service.js';
import { RenewCalendarPayload, WithdrawCalendarPayload } from './calendar.type.js';
import { employeeOfRowLoader } from './employee.loader.js';
import { forbidden, requireStaff } from './staff-access.js';

@Resolver()
export class CalendarResolver {
  @Mutation(() => RenewCalendarPayload, {
    nullable: true,
    description:
      "Makes a secret address at which the viewer's own schedules are an iCalendar feed; the one before ends.",
  })
  async renewCalendar(@Ctx() context: Context): Promise<RenewCalendarPayload> {
    const token = await renewCalendar(context.em, await ownEmployeeId(context));
    return { address: `${context.config.publicUrl.replace(/\/$/, '')}${CALENDAR_PATH}/${token}.ics` };
  }

  @Mutation(() => WithdrawCalendarPayload, {
    nullable: true,
    description: "Ends the address of the viewer's calendar.",
  })
  async withdrawCalendar(@Ctx() context: Context): Promise<WithdrawCalendarPayload> {
    const employeeId = await ownEmployeeId(context);
    await withdrawCalendar(context.em, employeeId);
    return { employee: await context.loader(employeeOfRowLoader).load(employeeId) };
  }
}

async function ownEmployeeId(context: Context): Promise<string> {
  const { employeeId } = await requireStaff(context);
  if (employeeId === null) {
    throw forbidden('You are no employee yourself.');
  }
  return employeeId;
}
