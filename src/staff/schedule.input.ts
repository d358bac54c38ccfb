import { Field, ID, InputType, Int } from 'type-graphql';
import { DateScalar, DateTimeScalar, LocalTimeScalar } from '../shared/scalars.js';
import { ScheduleKind, SchedulePriority, ScheduleStatus } from './schedule.type.js';

const LINE = 'Up to 500 characters, in one line.';
const TEXT = 'Up to 10,000 characters.';

/** What can be said of a schedule or left out. */
@InputType()
abstract class ScheduleDetails {
  @Field(() => String, { nullable: true, description: TEXT })
  description?: string | null;

  @Field(() => LocalTimeScalar, { nullable: true, description: "When it begins, in the employee's own time zone." })
  startTime?: string | null;

  @Field(() => LocalTimeScalar, { nullable: true, description: 'When it ends: after it has begun, on the same day.' })
  endTime?: string | null;

  @Field(() => String, { nullable: true, description: LINE })
  location?: string | null;

  @Field(() => String, { nullable: true, description: LINE })
  clientName?: string | null;

  @Field(() => String, { nullable: true, description: LINE })
  clientContact?: string | null;

  @Field(() => String, { nullable: true, description: TEXT })
  purpose?: string | null;

  @Field(() => String, { nullable: true, description: TEXT })
  result?: string | null;

  @Field(() => String, { nullable: true, description: TEXT })
  followUp?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When to remind the employee by mail.' })
  reminderAt?: string | null;
}

@InputType({ description: 'A schedule to make; its status is SCHEDULED.' })
export class CreateScheduleInput extends ScheduleDetails {
  @Field(() => ID, { nullable: true, description: "Whose; left out, the viewer's own." })
  employeeId?: string | null;

  @Field(() => ScheduleKind, { description: 'What it is.' })
  type!: ScheduleKind;

  @Field(() => String, { description: '1 to 200 characters, in one line.' })
  title!: string;

  @Field(() => DateScalar, { description: "The day, in the employee's own time zone." })
  date!: string;

  @Field(() => SchedulePriority, { defaultValue: SchedulePriority.MEDIUM, description: 'How much it matters.' })
  priority!: SchedulePriority;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether the employee is reminded; takes reminderAt.' })
  reminder!: boolean;
}

@InputType({ description: 'An edit of a schedule; what is left out stays, and null clears what can be cleared.' })
export class UpdateScheduleInput extends ScheduleDetails {
  @Field(() => ID, { description: 'The schedule.' })
  id!: string;

  @Field(() => Int, { description: 'The version that was edited. Where there is a newer one, the edit is refused.' })
  version!: number;

  @Field(() => ScheduleKind, { nullable: true, description: 'What it is.' })
  type?: ScheduleKind | null;

  @Field(() => String, { nullable: true, description: '1 to 200 characters, in one line.' })
  title?: string | null;

  @Field(() => DateScalar, { nullable: true, description: "The day, in the employee's own time zone." })
  date?: string | null;

  @Field(() => SchedulePriority, { nullable: true, description: 'How much it matters.' })
  priority?: SchedulePriority | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the employee is reminded; takes a reminderAt.' })
  reminder?: boolean | null;
}

@InputType({ description: 'Where a schedule is to come.' })
export class SetScheduleStatusInput {
  @Field(() => ID, { description: 'The schedule.' })
  id!: string;

  @Field(() => ScheduleStatus, { description: 'The status that it is to have. One that it has is no change.' })
  status!: ScheduleStatus;
}

@InputType({ description: 'Which schedules; what is left out does not matter.' })
export class ScheduleFilter {
  @Field(() => ID, { nullable: true, description: 'Whose.' })
  employeeId?: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'The first day.' })
  from?: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'The last day.' })
  to?: string | null;

  @Field(() => ScheduleKind, { nullable: true, description: 'What they are.' })
  type?: ScheduleKind | null;

  @Field(() => ScheduleStatus, { nullable: true, description: 'How far they have come.' })
  status?: ScheduleStatus | null;

  @Field(() => SchedulePriority, { nullable: true, description: 'How much they matter.' })
  priority?: SchedulePriority | null;
}
