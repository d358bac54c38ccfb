import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { TimeZoneScalar } from '../shared/scalars.js';
import type { Period } from './season-calendar.js';

export enum ScoreAggregation {
  BEST = 'BEST',
  SUM = 'SUM',
  LATEST = 'LATEST',
}
registerEnumType(ScoreAggregation, {
  name: 'ScoreAggregation',
  description: 'What a standing keeps of the scores submitted in a season.',
  valuesConfig: {
    BEST: { description: "The best by the board's order; an equal one changes nothing." },
    SUM: { description: 'All of them added up.' },
    LATEST: { description: 'The one submitted last.' },
  },
});

export enum ScoreOrder {
  HIGHER_IS_BETTER = 'HIGHER_IS_BETTER',
  LOWER_IS_BETTER = 'LOWER_IS_BETTER',
}
registerEnumType(ScoreOrder, {
  name: 'ScoreOrder',
  description: 'Which scores a board puts first.',
  valuesConfig: {
    HIGHER_IS_BETTER: { description: 'Points.' },
    LOWER_IS_BETTER: { description: 'Times, strokes, mistakes.' },
  },
});

export const LeaderboardPeriod: { [Name in Period]: Name } = {
  DAILY: 'DAILY',
  WEEKLY: 'WEEKLY',
  MONTHLY: 'MONTHLY',
  ALL_TIME: 'ALL_TIME',
};
registerEnumType(LeaderboardPeriod, {
  name: 'LeaderboardPeriod',
  description: "How long a season of the board lasts, from midnight to midnight in the board's time zone.",
  valuesConfig: {
    DAILY: { description: 'A day; keys like 2026-02-05.' },
    WEEKLY: { description: 'A week from Monday, by ISO 8601; keys like 2026-W06.' },
    MONTHLY: { description: 'A calendar month; keys like 2026-02.' },
    ALL_TIME: { description: 'One season without end; its key is all.' },
  },
});

export interface LeaderboardRow {
  id: string;
  slug: string;
  title: string;
  aggregation: ScoreAggregation;
  order: ScoreOrder;
  period: Period;
  timeZone: string;
  /** The database's clock when the row was read: it decides which season is the current one. */
  readAt: InstantText;
}

@ObjectType('Leaderboard', { simpleResolvers: true, description: 'A board that players compete on, season by season.' })
export class LeaderboardType implements LeaderboardRow {
  @Field(() => ID, { description: 'Stable.' })
  id!: string;

  @Field(() => String, { description: 'What clients name the board by.' })
  slug!: string;

  @Field(() => String, { description: 'What people read.' })
  title!: string;

  @Field(() => ScoreAggregation, { description: 'What a standing keeps of the scores submitted in a season.' })
  aggregation!: ScoreAggregation;

  @Field(() => ScoreOrder, { description: 'Which scores come first.' })
  order!: ScoreOrder;

  @Field(() => LeaderboardPeriod, { description: 'How long a season lasts.' })
  period!: Period;

  @Field(() => TimeZoneScalar, { description: 'Whose midnights begin and end the seasons.' })
  timeZone!: string;

  readAt!: InstantText;
}

@ObjectType('LeaderboardEdge', { simpleResolvers: true, description: 'A board in a list of boards.' })
export class LeaderboardEdge extends edgeType<LeaderboardRow>(() => LeaderboardType) {}

@ObjectType('LeaderboardConnection', { simpleResolvers: true, description: 'Boards, by slug.' })
export class LeaderboardConnection extends connectionType<LeaderboardRow, LeaderboardEdge>(
  () => LeaderboardEdge,
  () => LeaderboardType,
) {
  @Field(() => Int, { description: 'How many boards there are. Costs nothing unless selected.' })
  totalCount!: () => Promise<number>;
}

@ObjectType('LeaderboardPayload', { simpleResolvers: true, description: 'The board as it stands now.' })
export class LeaderboardPayload {
  @Field(() => LeaderboardType, { description: 'The board.' })
  leaderboard!: LeaderboardRow;
}
