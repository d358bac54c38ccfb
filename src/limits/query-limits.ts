import type {
  ApolloServerPlugin,
  GraphQLRequestContextDidResolveOperation,
  GraphQLRequestContextWillSendResponse,
} from '@apollo/server';
import { GraphQLError, type OperationDefinitionNode } from 'graphql';
import type { Context } from '../context.js';
import { type Cost, costOf, evaluate } from './query-cost.js';

/** Fields that an answer can have: some fifteen times a home screen, and about a tenth of a second of a processor. */
export const MAX_COST = 10_000;

const HTTP_BAD_REQUEST = 400;

/**
 * Refuses operations whose answer could become too large. What an operation costs is computed once, as far as it does
 * not depend on variables.
 * @param tellsCost whether answers say what they have cost, in `extensions.cost`
 */
export function limitCost(tellsCost: boolean): ApolloServerPlugin<Context> {
  const costs = new WeakMap<OperationDefinitionNode, Cost>();
  const spent = new WeakMap<Context, number>();
  const tell = async ({
    contextValue,
    response: { body },
  }: GraphQLRequestContextWillSendResponse<Context>): Promise<void> => {
    const cost = spent.get(contextValue);
    if (cost !== undefined && body.kind === 'single') {
      body.singleResult.extensions = { ...body.singleResult.extensions, cost: { cost, allowed: MAX_COST } };
    }
  };
  const listener = {
    async didResolveOperation({
      schema,
      document,
      operation,
      request,
      contextValue,
    }: GraphQLRequestContextDidResolveOperation<Context>): Promise<void> {
      if (operation === undefined) {
        return;
      }
      let cost = costs.get(operation);
      if (cost === undefined) {
        cost = costOf(schema, document, operation);
        costs.set(operation, cost);
      }
      const total = evaluate(cost, request.variables ?? {});
      if (tellsCost) {
        spent.set(contextValue, total);
      }
      if (total > MAX_COST) {
        throw tooCostly(total);
      }
    },
    ...(tellsCost && { willSendResponse: tell }),
  };
  return {
    async requestDidStart() {
      return listener;
    },
  };
}

function tooCostly(cost: number): GraphQLError {
  return new GraphQLError(
    `The answer could have ${cost} fields; ${MAX_COST} are allowed. Ask for smaller pages, or in several requests.`,
    {
      extensions: {
        code: 'GRAPHQL_VALIDATION_FAILED',
        cost: { cost, allowed: MAX_COST },
        http: { status: HTTP_BAD_REQUEST },
      },
    },
  );
}
