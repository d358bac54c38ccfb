import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar, EmailAddressScalar } from '../shared/scalars.js';

export enum StaffRole {
  USER = 'user',
  ADMIN = 'admin',
}
registerEnumType(StaffRole, {
  name: 'StaffRole',
  description: 'What an employee may do.',
  valuesConfig: {
    USER: { description: 'Sees and edits their own.' },
    ADMIN: { description: 'Manages the staff and all schedules, and nothing else of the server.' },
  },
});

/** An employee as lists select it; user and schedules come through loaders. */
export interface EmployeeRow {
  id: string;
  userId: string;
  name: string;
  username: string;
  email: string;
  role: StaffRole;
  isActive: boolean;
  version: number;
  createdAt: InstantText;
  updatedAt: InstantText;
}

@ObjectType('Employee', {
  simpleResolvers: true,
  description: 'Somebody of the staff: seen by themselves, and by whoever manages the staff.',
})
export class EmployeeType {
  @Field(() => ID, { description: 'Stable.' })
  id!: string;

  @Field(() => String, { description: 'What they are called.' })
  name!: string;

  @Field(() => String, { description: 'What they are called by the staff, whatever the case of its letters.' })
  username!: string;

  @Field(() => EmailAddressScalar, { description: 'Where reminders go.' })
  email!: string;

  @Field(() => StaffRole, { description: 'What they may do.' })
  role!: StaffRole;

  @Field(() => Boolean, { description: 'Whether they have the rights of the staff, and get reminders.' })
  isActive!: boolean;

  @Field(() => Int, { description: 'Counts the edits, from 1. updateEmployee wants the one that was edited.' })
  version!: number;

  @Field(() => DateTimeScalar, { description: 'When they became an employee.' })
  createdAt!: InstantText;

  @Field(() => DateTimeScalar, { description: 'When they were last edited, or else made.' })
  updatedAt!: InstantText;
}

@ObjectType('EmployeeEdge', { simpleResolvers: true, description: 'An employee in a list.' })
export class EmployeeEdge extends edgeType<EmployeeRow>(() => EmployeeType) {}

@ObjectType('EmployeeConnection', { simpleResolvers: true, description: 'Employees, by username.' })
export class EmployeeConnection extends connectionType<EmployeeRow, EmployeeEdge>(
  () => EmployeeEdge,
  () => EmployeeType,
) {}

@ObjectType('EmployeePayload', { simpleResolvers: true, description: 'The employee as they stand now.' })
export class EmployeePayload {
  @Field(() => EmployeeType, { description: 'The employee.' })
  employee!: EmployeeRow;
}

@ObjectType('DeleteEmployeePayload', { simpleResolvers: true, description: 'Which employee is gone.' })
export class DeleteEmployeePayload {
  @Field(() => ID, { description: 'The id of the employee.' })
  employeeId!: string;
}
