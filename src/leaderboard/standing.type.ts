import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar, SafeIntScalar } from '../shared/scalars.js';
import { type SeasonRow, SeasonType } from './season.type.js';

/** A player's place in a season, with the ranks it had when it was read. */
export interface StandingRow {
  id: string;
  season: SeasonRow;
  userId: string;
  score: number;
  /** Ascending it has the best first, whichever way the board counts; as text, like every bigint. */
  sortScore: string;
  achievedAt: InstantText;
  rank: number;
  position: number;
  /** How many the season has, where that was read along. */
  players?: number | undefined;
}

@ObjectType('Standing', { simpleResolvers: true, description: "A player's place in a season." })
export class StandingType {
  @Field(() => ID, { description: 'One for each season and player.' })
  id!: string;

  @Field(() => SeasonType, { description: 'The season it is a place in.' })
  season!: SeasonRow;

  @Field(() => Int, { description: 'Competition rank (1, 2, 2, 4) among all players of the season.' })
  rank!: number;

  @Field(() => Int, { description: 'Unique place: equal scores in order of who reached them first, then by user id.' })
  position!: number;

  @Field(() => SafeIntScalar, { description: "What the season keeps of the player's scores." })
  score!: number;

  @Field(() => DateTimeScalar, { description: 'When the current score was reached.' })
  achievedAt!: InstantText;
}

@ObjectType('StandingEdge', { simpleResolvers: true, description: 'A standing in a list of standings.' })
export class StandingEdge extends edgeType<StandingRow>(() => StandingType) {
  @Field(() => Int, {
    description: 'Competition rank within this list: among all in standings, among friends in friendStandings.',
  })
  rankInList!: number;
}

@ObjectType('StandingConnection', { simpleResolvers: true, description: 'Standings, best first.' })
export class StandingConnection extends connectionType<StandingRow, StandingEdge>(
  () => StandingEdge,
  () => StandingType,
) {
  @Field(() => Int, { description: 'How many standings the whole list has. Costs nothing unless selected.' })
  totalCount!: () => Promise<number>;

  @Field(() => StandingEdge, {
    nullable: true,
    description: "The viewer's own place in this list, wherever the page is. Costs nothing unless selected.",
  })
  viewerEdge!: () => Promise<StandingEdge | null>;
}
