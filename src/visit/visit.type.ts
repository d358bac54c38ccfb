import { Field, Int, ObjectType } from 'type-graphql';
import { type UserRow, UserType } from '../account/user.type.js';
import { DateScalar } from '../shared/scalars.js';

@ObjectType('Visit', { simpleResolvers: true, description: "A player's visits on one day." })
export class VisitType {
  @Field(() => DateScalar, { description: "The day by the player's own calendar, in the zone they had then." })
  date!: string;

  @Field(() => Int, { description: 'How many visits were recorded that day, at least 1.' })
  count!: number;
}

@ObjectType('VisitStreak', {
  simpleResolvers: true,
  description: 'Runs of consecutive days with a visit, without a gap.',
})
export class VisitStreak {
  @Field(() => Int, {
    description: "Days of the run that reaches today or yesterday, by the player's calendar; 0 where none does.",
  })
  current!: number;

  @Field(() => Int, { description: 'Days of the longest run ever; 0 for a player who was never here.' })
  longest!: number;
}

@ObjectType('ActiveUsersDay', { simpleResolvers: true, description: 'How busy one day was.' })
export class ActiveUsersDay {
  @Field(() => DateScalar, { description: 'The day; every player counts by their own calendar.' })
  date!: string;

  @Field(() => Int, { description: 'Players seen that day, including those who have left since.' })
  users!: number;

  @Field(() => Int, { description: "All these players' visits together." })
  visits!: number;
}

@ObjectType('RecordVisitPayload', { simpleResolvers: true, description: 'Today, with the visit counted.' })
export class RecordVisitPayload {
  @Field(() => VisitType, { description: "The viewer's visits today, this one included." })
  visit!: VisitType;

  @Field(() => UserType, { description: 'The viewer.' })
  user!: UserRow;
}
