import 'reflect-metadata';
import { GraphQLSchema, isObjectType, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { AccountResolver, UserAccountResolver } from './account/account.resolver.js';
import { AccountLifeCycleResolver, LifeCycleResolver } from './account/life-cycle.resolver.js';
import { AuditLogResolver } from './admin/audit-log.resolver.js';
import { RoleResolver } from './admin/role.resolver.js';
import { SuspensionResolver } from './admin/suspension.resolver.js';
import { ErrorCodeType, ErrorReasonType } from './error.type.js';
import { FriendshipResolver } from './friendship/friendship.resolver.js';
import { AccountFriendshipResolver, UserFriendshipResolver } from './friendship/user-friendship.resolver.js';
import type { Context } from './context.js';
import { AccountIdentityResolver, IdentityResolver } from './identity/identity.resolver.js';
import { LeaderboardAdminResolver } from './leaderboard/leaderboard-admin.resolver.js';
import { LeaderboardResolver } from './leaderboard/leaderboard.resolver.js';
import { ScoreResolver, UserScoreResolver } from './leaderboard/score.resolver.js';
import { SeasonResolver } from './leaderboard/season.resolver.js';
import { StandingResolver, UserStandingResolver } from './leaderboard/standing.resolver.js';
import { VoidScoreResolver } from './leaderboard/void-score.resolver.js';
import { PostResolver } from './post/post.resolver.js';
import { checkArguments } from './shared/arguments.js';
import { CalendarResolver } from './staff/calendar.resolver.js';
import { EmployeeResolver, UserEmployeeResolver } from './staff/employee.resolver.js';
import { ScheduleResolver } from './staff/schedule.resolver.js';
import { UserVisitResolver, VisitResolver } from './visit/visit.resolver.js';

/** The executable schema. */
export function createSchema(): GraphQLSchema {
  const resolved = buildSchemaSync({
    resolvers: [
      AccountResolver,
      UserAccountResolver,
      LifeCycleResolver,
      AccountLifeCycleResolver,
      IdentityResolver,
      AccountIdentityResolver,
      VisitResolver,
      UserVisitResolver,
      FriendshipResolver,
      UserFriendshipResolver,
      AccountFriendshipResolver,
      LeaderboardResolver,
      SeasonResolver,
      StandingResolver,
      UserStandingResolver,
      ScoreResolver,
      UserScoreResolver,
      VoidScoreResolver,
      LeaderboardAdminResolver,
      PostResolver,
      EmployeeResolver,
      UserEmployeeResolver,
      ScheduleResolver,
      CalendarResolver,
      AuditLogResolver,
      SuspensionResolver,
      RoleResolver,
    ],
    // Input is checked by checkArguments and by the services, which know more than a decorator.
    validate: false,
  });
  const config = resolved.toConfig();
  const schema = new GraphQLSchema({ ...config, types: [...config.types, ErrorCodeType, ErrorReasonType] });
  resolveByCalling(schema);
  checkArguments(schema);
  forgetBeforeMutations(schema);
  return schema;
}

/** The schema as it is committed and published, in a stable order. */
export function printSdl(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

/**
 * What a connection has beyond its page (`totalCount`, `viewerEdge`) are functions, called only when selected. The
 * default resolver calls functions, but compiled execution reads fields without a resolver as they are.
 */
function resolveByCalling(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || !type.name.endsWith('Connection')) {
      continue;
    }
    const { edges: _edges, nodes: _nodes, pageInfo: _pageInfo, ...beyond } = type.getFields();
    for (const field of Object.values(beyond)) {
      field.resolve ??= (source: Record<string, () => unknown>) => source[field.name]?.();
    }
  }
}

function forgetBeforeMutations(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    field.resolve = (source, values, context: Context, info) => {
      context.forgetLoaded();
      return resolve?.(source, values, context, info);
    };
  }
}
