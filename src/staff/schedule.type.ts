import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateScalar, DateTimeScalar, LocalTimeScalar } from '../shared/scalars.js';

export enum ScheduleKind {
  VISIT = 'visit',
  MEETING = 'meeting',
  TRAINING = 'training',
  REPORT = 'report',
  OTHER = 'other',
}
registerEnumType(ScheduleKind, {
  name: 'ScheduleType',
  description: 'What is planned.',
  valuesConfig: {
    VISIT: { description: 'Somebody goes to a client; visits that cross are reported.' },
    MEETING: { description: 'Several come together.' },
    TRAINING: { description: 'Somebody learns or teaches.' },
    REPORT: { description: 'Something is to be written.' },
    OTHER: { description: 'Anything else.' },
  },
});

export enum ScheduleStatus {
  SCHEDULED = 'scheduled',
  IN_PROGRESS = 'in_progress',
  COMPLETED = 'completed',
  CANCELLED = 'cancelled',
}
registerEnumType(ScheduleStatus, {
  name: 'ScheduleStatus',
  description: 'How far it has come; setScheduleStatus says from where to where.',
  valuesConfig: {
    SCHEDULED: { description: 'It is to come.' },
    IN_PROGRESS: { description: 'It has begun.' },
    COMPLETED: { description: 'It is done, for good.' },
    CANCELLED: { description: 'It does not take place.' },
  },
});

export enum SchedulePriority {
  HIGH = 'high',
  MEDIUM = 'medium',
  LOW = 'low',
}
registerEnumType(SchedulePriority, {
  name: 'SchedulePriority',
  description: 'How much it matters.',
  valuesConfig: {
    HIGH: { description: 'Before others.' },
    MEDIUM: { description: 'As most.' },
    LOW: { description: 'After others.' },
  },
});

/** A schedule as lists select it; the employee comes through a loader. */
export interface ScheduleRow {
  id: string;
  employeeId: string;
  type: ScheduleKind;
  title: string;
  /** YYYY-MM-DD. */
  date: string;
  description: string | null;
  /** HH:MM:SS. */
  startTime: string | null;
  endTime: string | null;
  location: string | null;
  clientName: string | null;
  clientContact: string | null;
  purpose: string | null;
  status: ScheduleStatus;
  priority: SchedulePriority;
  result: string | null;
  followUp: string | null;
  reminder: boolean;
  reminderAt: InstantText | null;
  version: number;
  createdAt: InstantText;
  updatedAt: InstantText;
}

@ObjectType('Schedule', {
  simpleResolvers: true,
  description: 'What an employee has planned or done: seen by them, and by whoever manages the staff.',
})
export class ScheduleType {
  @Field(() => ID, { description: 'Stable.' })
  id!: string;

  @Field(() => ScheduleKind, { description: 'What it is.' })
  type!: ScheduleKind;

  @Field(() => String, { description: 'Up to 200 characters.' })
  title!: string;

  @Field(() => DateScalar, { description: "The day, in the employee's own time zone." })
  date!: string;

  @Field(() => String, { nullable: true, description: 'More about it.' })
  description!: string | null;

  @Field(() => LocalTimeScalar, {
    nullable: true,
    description: "When it begins; null where the day is all that's known.",
  })
  startTime!: string | null;

  @Field(() => LocalTimeScalar, { nullable: true, description: 'When it ends.' })
  endTime!: string | null;

  @Field(() => String, { nullable: true, description: 'Where it is.' })
  location!: string | null;

  @Field(() => String, { nullable: true, description: 'Who is visited or met.' })
  clientName!: string | null;

  @Field(() => String, { nullable: true, description: 'How the client is reached.' })
  clientContact!: string | null;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  purpose!: string | null;

  @Field(() => ScheduleStatus, { description: 'How far it has come.' })
  status!: ScheduleStatus;

  @Field(() => SchedulePriority, { description: 'How much it matters.' })
  priority!: SchedulePriority;

  @Field(() => String, { nullable: true, description: 'What has come of it.' })
  result!: string | null;

  @Field(() => String, { nullable: true, description: 'What is to be done next.' })
  followUp!: string | null;

  @Field(() => Boolean, { description: 'Whether the employee is reminded by mail.' })
  reminder!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When they are reminded.' })
  reminderAt!: InstantText | null;

  @Field(() => Int, { description: 'Counts the edits, from 1. updateSchedule wants the one that was edited.' })
  version!: number;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: InstantText;

  @Field(() => DateTimeScalar, { description: 'When it was last edited, or else made.' })
  updatedAt!: InstantText;
}

@ObjectType('ScheduleEdge', { simpleResolvers: true, description: 'A schedule in a list.' })
export class ScheduleEdge extends edgeType<ScheduleRow>(() => ScheduleType) {}

@ObjectType('ScheduleConnection', { simpleResolvers: true, description: 'Schedules, by date, start and id.' })
export class ScheduleConnection extends connectionType<ScheduleRow, ScheduleEdge>(
  () => ScheduleEdge,
  () => ScheduleType,
) {}

@ObjectType('SchedulePayload', { simpleResolvers: true, description: 'The schedule as it stands now.' })
export class SchedulePayload {
  @Field(() => ScheduleType, { description: 'The schedule.' })
  schedule!: ScheduleRow;

  @Field(() => [ScheduleType], {
    description:
      "Of a visit, the employee's other visits whose times cross its own, cancelled ones aside; up to 100. They are told, not refused.",
  })
  overlaps!: ScheduleRow[];
}

@ObjectType('DeleteSchedulePayload', { simpleResolvers: true, description: 'Which schedule is gone.' })
export class DeleteSchedulePayload {
  @Field(() => ID, { description: 'The id of the schedule.' })
  scheduleId!: string;
}
