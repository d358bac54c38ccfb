import { Field, ObjectType } from 'type-graphql';
import { UrlScalar } from '../shared/scalars.js';
import { type EmployeeRow, EmployeeType } from './employee.type.js';

@ObjectType('RenewCalendarPayload', { simpleResolvers: true, description: 'Where the calendar is from now on.' })
export class RenewCalendarPayload {
  @Field(() => UrlScalar, {
    description: 'For calendar programs to subscribe to. Whoever has it reads the calendar, and it is told this once.',
  })
  address!: string;
}

@ObjectType('WithdrawCalendarPayload', { simpleResolvers: true, description: 'Whose calendar nobody reads any more.' })
export class WithdrawCalendarPayload {
  @Field(() => EmployeeType, { description: 'The employee.' })
  employee!: EmployeeRow;
}
