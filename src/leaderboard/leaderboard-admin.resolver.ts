import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { requireAdmin } from '../admin/actor.js';
import type { Context } from '../context.js';
import { CreateLeaderboardInput, UpdateLeaderboardInput } from './leaderboard.input.js';
import { createLeaderboard, type LeaderboardChanges, updateLeaderboard } from './leaderboard.service.js';
import { LeaderboardPayload } from './leaderboard.type.js';

@Resolver()
export class LeaderboardAdminResolver {
  @Mutation(() => LeaderboardPayload, {
    nullable: true,
    description: 'Makes a board, for an admin or a service key with the scope admin.',
  })
  async createLeaderboard(
    @Ctx() context: Context,
    @Arg('input', () => CreateLeaderboardInput) input: CreateLeaderboardInput,
  ): Promise<LeaderboardPayload> {
    const { slug, title, timeZone, aggregation, order, period } = input;
    const leaderboard = await createLeaderboard(context.em, requireAdmin(context), {
      slug,
      title: title ?? slug,
      aggregation,
      order,
      period,
      timeZone: timeZone ?? context.config.seasonTimeZone,
    });
    return { leaderboard };
  }

  @Mutation(() => LeaderboardPayload, {
    nullable: true,
    description: 'Edits a board, for an admin or a service key with the scope admin.',
  })
  async updateLeaderboard(
    @Ctx() context: Context,
    @Arg('input', () => UpdateLeaderboardInput) { slug, ...input }: UpdateLeaderboardInput,
  ): Promise<LeaderboardPayload> {
    const changes: LeaderboardChanges = Object.fromEntries(
      Object.entries(input).filter(([, value]) => value !== null && value !== undefined),
    );
    return { leaderboard: await updateLeaderboard(context.em, requireAdmin(context), slug, changes) };
  }
}
