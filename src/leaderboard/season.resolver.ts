import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.js';
import { pageSize } from '../shared/connection.js';
import { isId } from '../shared/ids.js';
import { countFriendStandings, pageOfFriendStandings, viewerFriendEdge } from './friend-standing.service.js';
import { type SeasonRow, SeasonType } from './season.type.js';
import { seasonSizeLoader, standingLoader } from './standing.loader.js';
import { pageOfStandings, standingEdge, type StandingPage, standingsAround } from './standing.service.js';
import { StandingConnection, type StandingRow, StandingType } from './standing.type.js';

@Resolver(() => SeasonType)
export class SeasonResolver {
  @FieldResolver(() => StandingConnection, {
    description:
      'Everybody, best first: forward (first, after), backward (last, before) or from a position on. 50 by default.',
  })
  async standings(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('last', () => Int, { nullable: true }) last?: number | null,
    @Arg('before', () => String, { nullable: true }) before?: string | null,
    @Arg('fromPosition', () => Int, {
      nullable: true,
      description: 'The position of the first item, from 1. Goes with first alone.',
    })
    fromPosition?: number | null,
  ): Promise<StandingConnection> {
    const page = await pageOfStandings(context.em, season, { first, after, last, before, fromPosition });
    return toConnection(context, season, page);
  }

  @FieldResolver(() => StandingType, { nullable: true, description: "A user's place in this season, or null." })
  async standing(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Arg('userId', () => ID) userId: string,
  ): Promise<StandingRow | null> {
    return isId(userId) ? context.loader(standingLoader).load({ season, userId: userId.toLowerCase() }) : null;
  }

  @FieldResolver(() => StandingType, {
    nullable: true,
    description: "The viewer's place in this season; null for anonymous callers and who has not played.",
  })
  async viewerStanding(@Ctx() context: Context, @Root() season: SeasonRow): Promise<StandingRow | null> {
    return standingOfViewer(context, season);
  }

  @FieldResolver(() => StandingConnection, {
    description:
      'A user (the viewer where left out) among the neighbours in the order of standings, whose cursors these are. The window keeps its size at both ends; it is empty where the user has no standing.',
  })
  async around(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Arg('userId', () => ID, { nullable: true }) userId: string | null | undefined,
    @Arg('radius', () => Int, { defaultValue: 5, description: 'How many neighbours on each side, 1 to 50.' })
    radius: number,
  ): Promise<StandingConnection> {
    const center = userId ?? context.viewerId ?? '';
    const page = await standingsAround(context.em, season, isId(center) ? center : null, radius);
    return toConnection(context, season, page);
  }

  @FieldResolver(() => StandingConnection, {
    nullable: true,
    description: "The viewer and the viewer's friends only, best first; null for anonymous callers. 50 by default.",
  })
  async friendStandings(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<StandingConnection | null> {
    const { em, viewerId } = context;
    if (viewerId === null) {
      return null;
    }
    const page = await pageOfFriendStandings(em, season, viewerId, pageSize(first, 50), after ?? null);
    return {
      ...page,
      totalCount: () => countFriendStandings(em, season, viewerId),
      viewerEdge: () => viewerFriendEdge(em, season, viewerId),
    };
  }
}

function toConnection(context: Context, season: SeasonRow, page: StandingPage): StandingConnection {
  return {
    ...page,
    totalCount: () => context.loader(seasonSizeLoader).load(season.id),
    viewerEdge: async () => {
      const standing = await standingOfViewer(context, season);
      return standing === null ? null : standingEdge(standing);
    },
  };
}

async function standingOfViewer(context: Context, season: SeasonRow): Promise<StandingRow | null> {
  const userId = context.viewerId;
  return userId === null ? null : context.loader(standingLoader).load({ season, userId });
}
