import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Int, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.js';
import { pageSize, toPage } from '../shared/connection.js';
import { isId } from '../shared/ids.js';
import { selects } from '../shared/selection.js';
import { countFriendStandings, friendStandingPage, viewerFriendEdge } from './friend-standing.service.js';
import { type SeasonRow, SeasonType } from './season.type.js';
import { seasonSizeLoader, standingListLoader, standingLoader } from './standing.loader.js';
import { checkRadius, standingEdge, standingPage, standingWindow } from './standing.service.js';
import type { StandingPage } from './standing-list.js';
import { StandingConnection, type StandingEdge, type StandingRow, StandingType } from './standing.type.js';

@Resolver(() => SeasonType)
export class SeasonResolver {
  @FieldResolver(() => StandingConnection, {
    description:
      'Everybody, best first: forward (first, after), backward (last, before) or from a position on. 50 by default.',
  })
  async standings(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Info() info: GraphQLResolveInfo,
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
    const list = standingPage(season, { first, after, last, before, fromPosition }, selectsUsers(info));
    return toConnection(context, season, await context.loader(standingListLoader).load(list));
  }

  @FieldResolver(() => StandingType, { nullable: true, description: "A user's place in this season, or null." })
  async standing(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Info() info: GraphQLResolveInfo,
    @Arg('userId', () => ID) userId: string,
  ): Promise<StandingRow | null> {
    if (!isId(userId)) {
      return null;
    }
    const withPlayers = selects(info, 'percentile');
    return context.loader(standingLoader).load({ season, userId: userId.toLowerCase(), withPlayers });
  }

  @FieldResolver(() => StandingType, {
    nullable: true,
    description: "The viewer's place in this season; null for anonymous callers and who has not played.",
  })
  async viewerStanding(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Info() info: GraphQLResolveInfo,
  ): Promise<StandingRow | null> {
    return standingOfViewer(context, season, selects(info, 'percentile'));
  }

  @FieldResolver(() => StandingConnection, {
    description:
      'A user (the viewer where left out) among the neighbours in the order of standings, whose cursors these are. The window keeps its size at both ends; it is empty where the user has no standing.',
  })
  async around(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Info() info: GraphQLResolveInfo,
    @Arg('userId', () => ID, { nullable: true }) userId: string | null | undefined,
    @Arg('radius', () => Int, { defaultValue: 5, description: 'How many neighbours on each side, 1 to 50.' })
    radius: number,
  ): Promise<StandingConnection> {
    const center = userId ?? context.viewerId ?? '';
    checkRadius(radius);
    if (!isId(center)) {
      return toConnection(context, season, toPage<StandingEdge>([], false, false));
    }
    const list = standingWindow(season, center, radius, selectsUsers(info));
    return toConnection(context, season, await context.loader(standingListLoader).load(list));
  }

  @FieldResolver(() => StandingConnection, {
    nullable: true,
    description: "The viewer and the viewer's friends only, best first; null for anonymous callers. 50 by default.",
  })
  async friendStandings(
    @Ctx() context: Context,
    @Root() season: SeasonRow,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<StandingConnection | null> {
    const { em, viewerId } = context;
    if (viewerId === null) {
      return null;
    }
    const list = friendStandingPage(season, viewerId, pageSize(first, 50), after ?? null, selectsUsers(info));
    const page = await context.loader(standingListLoader).load(list);
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
      const standing = await standingOfViewer(context, season, false);
      return standing === null ? null : standingEdge(standing);
    },
  };
}

async function standingOfViewer(
  context: Context,
  season: SeasonRow,
  withPlayers: boolean,
): Promise<StandingRow | null> {
  const userId = context.viewerId;
  return userId === null ? null : context.loader(standingLoader).load({ season, userId, withPlayers });
}

function selectsUsers(info: GraphQLResolveInfo): boolean {
  return selects(info, 'nodes.user', 'edges.node.user');
}
