import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { userLoader } from '../account/user.loader.js';
import { type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { pageSize } from '../shared/connection.js';
import { DateScalar } from '../shared/scalars.js';
import { CreateEmployeeInput, UpdateEmployeeInput } from './employee.input.js';
import { findEmployee, listEmployees } from './employee-list.service.js';
import { employeeOfUserLoader } from './employee.loader.js';
import { createEmployee, deleteEmployee, restoreEmployee, updateEmployee } from './employee.service.js';
import {
  DeleteEmployeePayload,
  EmployeeConnection,
  EmployeePayload,
  type EmployeeRow,
  EmployeeType,
} from './employee.type.js';
import { ownPage } from './schedule-list.service.js';
import { ownSchedulesLoader } from './schedule.loader.js';
import { ScheduleConnection } from './schedule.type.js';
import { requireManager, requireStaff } from './staff-access.js';

@Resolver(() => EmployeeType)
export class EmployeeResolver {
  @Query(() => EmployeeConnection, {
    nullable: true,
    description: 'The staff, by username, for whoever manages it. 20 by default.',
  })
  async employees(
    @Ctx() context: Context,
    @Arg('isActive', () => Boolean, { nullable: true }) isActive?: boolean | null,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<EmployeeConnection> {
    const staff = await requireManager(context);
    return listEmployees(context.em, staff, isActive ?? null, pageSize(first, 20), after ?? null);
  }

  @Query(() => EmployeeType, {
    nullable: true,
    description: 'The employee with that id, for the staff; null where the viewer sees none.',
  })
  async employee(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<EmployeeRow | null> {
    return (await findEmployee(context.em, await requireStaff(context), id)) ?? null;
  }

  @Mutation(() => EmployeePayload, {
    nullable: true,
    description: 'Makes an employee of an account, or of a new one, for whoever manages the staff.',
  })
  async createEmployee(
    @Ctx() context: Context,
    @Arg('input', () => CreateEmployeeInput) input: CreateEmployeeInput,
  ): Promise<EmployeePayload> {
    const staff = await requireManager(context);
    const employee = await createEmployee(context.em, staff, input, {
      requireMail: () => context.requireMail(),
      reservedNicknames: context.config.reservedNicknames,
    });
    context.noteWriteFor(employee.userId);
    return { employee };
  }

  @Mutation(() => EmployeePayload, {
    nullable: true,
    description:
      'Edits an employee, for whoever manages the staff; their own name and username, for an employee. An edit of a version that is not the newest is refused.',
  })
  async updateEmployee(
    @Ctx() context: Context,
    @Arg('input', () => UpdateEmployeeInput) input: UpdateEmployeeInput,
  ): Promise<EmployeePayload> {
    const employee = await updateEmployee(context.em, await requireStaff(context), input);
    context.noteWriteFor(employee.userId);
    return { employee };
  }

  @Mutation(() => DeleteEmployeePayload, {
    nullable: true,
    description:
      'Deletes an employee with their schedules, for whoever manages the staff. The account stays. They can be restored for a while.',
  })
  async deleteEmployee(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<DeleteEmployeePayload> {
    await deleteEmployee(context.em, await requireManager(context), id);
    return { employeeId: id.toLowerCase() };
  }

  @Mutation(() => EmployeePayload, {
    nullable: true,
    description: 'Has a deleted employee back with their schedules, for whoever manages the staff.',
  })
  async restoreEmployee(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<EmployeePayload> {
    return { employee: await restoreEmployee(context.em, await requireManager(context), id) };
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Whose account they sign in with; null while it is deleted or suspended.',
  })
  async user(@Ctx() context: Context, @Root() employee: EmployeeRow): Promise<UserRow | null> {
    return context.loader(userLoader).load(employee.userId);
  }

  @FieldResolver(() => ScheduleConnection, {
    nullable: true,
    description:
      'Their schedules, by date, start and id; `from` and `to` are the first and the last day. 20 by default.',
  })
  async schedules(
    @Ctx() context: Context,
    @Root() { id }: EmployeeRow,
    @Arg('from', () => DateScalar, { nullable: true }) from?: string | null,
    @Arg('to', () => DateScalar, { nullable: true }) to?: string | null,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ScheduleConnection> {
    const page = ownPage(id, from ?? null, to ?? null, pageSize(first, 20), after ?? null);
    return context.loader(ownSchedulesLoader).load(page);
  }
}

@Resolver(() => UserType)
export class UserEmployeeResolver {
  @FieldResolver(() => EmployeeType, {
    nullable: true,
    description: 'Who they are among the staff: null unless the viewer is this user, or manages the staff.',
  })
  async employee(@Ctx() context: Context, @Root() user: UserRow): Promise<EmployeeRow | null> {
    return context.loader(employeeOfUserLoader).load(user.id);
  }
}
