import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.js';
import { pageSize } from '../shared/connection.js';
import { employeeOfRowLoader } from './employee.loader.js';
import { type EmployeeRow, EmployeeType } from './employee.type.js';
import { CreateScheduleInput, ScheduleFilter, SetScheduleStatusInput, UpdateScheduleInput } from './schedule.input.js';
import { findSchedule, listSchedules } from './schedule-list.service.js';
import {
  createSchedule,
  deleteSchedule,
  restoreSchedule,
  setScheduleStatus,
  updateSchedule,
} from './schedule.service.js';
import {
  DeleteSchedulePayload,
  ScheduleConnection,
  SchedulePayload,
  type ScheduleRow,
  ScheduleType,
} from './schedule.type.js';
import { requireManager, requireStaff } from './staff-access.js';

@Resolver(() => ScheduleType)
export class ScheduleResolver {
  @Query(() => ScheduleType, {
    nullable: true,
    description: 'The schedule with that id, for the staff; null where the viewer sees none.',
  })
  async schedule(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<ScheduleRow | null> {
    return (await findSchedule(context.em, await requireStaff(context), id)) ?? null;
  }

  @Query(() => ScheduleConnection, {
    nullable: true,
    description:
      "Schedules by date, start and id: everybody's for whoever manages the staff, for an employee their own. 20 by default.",
  })
  async schedules(
    @Ctx() context: Context,
    @Arg('filter', () => ScheduleFilter, { nullable: true }) filter?: ScheduleFilter | null,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ScheduleConnection> {
    const staff = await requireStaff(context);
    return listSchedules(context.em, staff, filter ?? {}, pageSize(first, 20), after ?? null);
  }

  @Mutation(() => SchedulePayload, {
    nullable: true,
    description: "Makes a schedule: the viewer's own, or anybody's for whoever manages the staff.",
  })
  async createSchedule(
    @Ctx() context: Context,
    @Arg('input', () => CreateScheduleInput) input: CreateScheduleInput,
  ): Promise<SchedulePayload> {
    return createSchedule(context.em, await requireStaff(context), input);
  }

  @Mutation(() => SchedulePayload, {
    nullable: true,
    description:
      "Edits a schedule: the viewer's own, or anybody's for whoever manages the staff. An edit of a version that is not the newest is refused.",
  })
  async updateSchedule(
    @Ctx() context: Context,
    @Arg('input', () => UpdateScheduleInput) input: UpdateScheduleInput,
  ): Promise<SchedulePayload> {
    return updateSchedule(context.em, await requireStaff(context), input);
  }

  @Mutation(() => SchedulePayload, {
    nullable: true,
    description:
      'Brings a schedule to another status: from SCHEDULED to IN_PROGRESS or CANCELLED, from IN_PROGRESS to COMPLETED, CANCELLED or SCHEDULED, from CANCELLED to SCHEDULED. What is COMPLETED stays so.',
  })
  async setScheduleStatus(
    @Ctx() context: Context,
    @Arg('input', () => SetScheduleStatusInput) input: SetScheduleStatusInput,
  ): Promise<SchedulePayload> {
    return setScheduleStatus(context.em, await requireStaff(context), input);
  }

  @Mutation(() => DeleteSchedulePayload, {
    nullable: true,
    description:
      "Deletes a schedule: the viewer's own, or anybody's for whoever manages the staff, who can restore it for a while.",
  })
  async deleteSchedule(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<DeleteSchedulePayload> {
    await deleteSchedule(context.em, await requireStaff(context), id);
    return { scheduleId: id.toLowerCase() };
  }

  @Mutation(() => SchedulePayload, {
    nullable: true,
    description: 'Has a deleted schedule back, for whoever manages the staff.',
  })
  async restoreSchedule(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<SchedulePayload> {
    return restoreSchedule(context.em, await requireManager(context), id);
  }

  @FieldResolver(() => EmployeeType, { description: 'Whose it is.' })
  async employee(@Ctx() context: Context, @Root() schedule: ScheduleRow): Promise<EmployeeRow> {
    return context.loader(employeeOfRowLoader).load(schedule.employeeId);
  }
}
