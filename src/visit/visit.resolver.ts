import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Scope } from '../admin/scope.js';
import { type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { DateScalar } from '../shared/scalars.js';
import { checkDateRange } from './date-range.js';
import { visitsLoader, visitStreakLoader } from './visit.loader.js';
import { findActiveUsers, recordVisit } from './visit.service.js';
import { ActiveUsersDay, RecordVisitPayload, VisitStreak, VisitType } from './visit.type.js';

@Resolver()
export class VisitResolver {
  @Query(() => [ActiveUsersDay], {
    nullable: true,
    description:
      'Players seen per day, oldest first, for an admin or a service key with the scope users:read. Days on which nobody came are left out.',
  })
  async activeUsers(
    @Ctx() context: Context,
    @Arg('from', () => DateScalar, { description: 'The first day.' }) from: string,
    @Arg('to', () => DateScalar, { description: 'The last day; at most 366 days in all, both ends counted.' })
    to: string,
  ): Promise<ActiveUsersDay[]> {
    context.require(Scope.USERS_READ);
    return findActiveUsers(context.em, from, to);
  }

  @Mutation(() => RecordVisitPayload, {
    nullable: true,
    description: "Counts one visit of the viewer today, in the viewer's time zone. Every call counts.",
  })
  async recordVisit(@Ctx() context: Context): Promise<RecordVisitPayload> {
    const viewer = context.requireViewer();
    return recordVisit(context.em, viewer.id, context.config.seasonTimeZone);
  }
}

@Resolver(() => UserType)
export class UserVisitResolver {
  @FieldResolver(() => [VisitType], {
    nullable: true,
    description:
      'Days with a visit, oldest first; days without one are left out. Null unless the viewer is this user, an admin or a service key with the scope users:read.',
  })
  async visits(
    @Ctx() context: Context,
    @Root() user: UserRow,
    @Arg('from', () => DateScalar, { description: 'The first day.' }) from: string,
    @Arg('to', () => DateScalar, { description: 'The last day; at most 366 days in all, both ends counted.' })
    to: string,
  ): Promise<VisitType[] | null> {
    checkDateRange(from, to);
    return context.maySeePrivate(user.id) ? context.loader(visitsLoader).load({ userId: user.id, from, to }) : null;
  }

  @FieldResolver(() => VisitStreak, {
    nullable: true,
    description:
      "Consecutive days with a visit, in the user's time zone. Null unless the viewer is this user, an admin or a service key with the scope users:read.",
  })
  async visitStreak(@Ctx() context: Context, @Root() user: UserRow): Promise<VisitStreak | null> {
    return context.maySeePrivate(user.id) ? context.loader(visitStreakLoader).load(user.id) : null;
  }
}
