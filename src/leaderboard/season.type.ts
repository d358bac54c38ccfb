import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar } from '../shared/scalars.js';
import { type LeaderboardRow, LeaderboardType } from './leaderboard.type.js';

/** A season, whether it has a row yet or not: the current one is there before the first score. */
export interface SeasonRow {
  id: string;
  leaderboard: LeaderboardRow;
  key: string;
  startsAt: Date | InstantText | null;
  endsAt: Date | InstantText | null;
  isClosed: boolean;
}

@ObjectType('Season', { simpleResolvers: true, description: 'One period of a board, with its own standings.' })
export class SeasonType implements SeasonRow {
  @Field(() => ID, { description: 'Stable, and known before the first score.' })
  id!: string;

  @Field(() => LeaderboardType, { description: 'The board it is a season of.' })
  leaderboard!: LeaderboardRow;

  @Field(() => String, { description: 'E.g. 2026-02 (monthly), 2026-W06 (weekly), 2026-02-05 (daily) or all.' })
  key!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'First instant of the season; null for all time.' })
  startsAt!: Date | InstantText | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'First instant after the season, which belongs to the next one; null for all time.',
  })
  endsAt!: Date | InstantText | null;

  @Field(() => Boolean, { description: 'Whether it has ended. Its standings stay.' })
  isClosed!: boolean;
}

@ObjectType('SeasonEdge', { simpleResolvers: true, description: "A season in a board's list." })
export class SeasonEdge extends edgeType<SeasonRow>(() => SeasonType) {}

@ObjectType('SeasonConnection', { simpleResolvers: true, description: "A board's seasons, newest first." })
export class SeasonConnection extends connectionType<SeasonRow, SeasonEdge>(
  () => SeasonEdge,
  () => SeasonType,
) {
  @Field(() => Int, {
    description: 'How many seasons were played, with the current one. Costs nothing unless selected.',
  })
  totalCount!: () => Promise<number>;
}
