import type { ApolloServerPlugin } from '@apollo/server';
import { OperationTypeNode } from 'graphql';
import { noteLastWrites } from './account/last-write.service.js';
import type { Context } from './context.js';
import type { Replica } from './database/replica.js';
import type { Replicas } from './database/replicas.js';
import { primeViewer } from './viewer.js';

/**
 * Sends the reads of queries to replicas. A signed-in player's go to one that has everything the player has
 * written, else to the primary; mutations stay on the primary, and note before they are answered how far its log has
 * come.
 */
export function readRouting(replicas: Replicas): ApolloServerPlugin<Context> {
  return {
    async serverWillStart() {
      return { serverWillStop: () => replicas.close() };
    },
    async requestDidStart() {
      return {
        async didResolveOperation({ operation, contextValue }) {
          if (operation?.operation === OperationTypeNode.QUERY) {
            readFromReplica(contextValue, replicas);
          }
        },
        async willSendResponse({ operation, contextValue }) {
          if (operation?.operation === OperationTypeNode.MUTATION) {
            await noteWrites(contextValue);
          }
        },
      };
    },
  };
}

function readFromReplica(context: Context, replicas: Replicas): void {
  const { caller } = context;
  const replica: Replica | undefined =
    caller.kind === 'user' ? replicas.forPlayer(caller.id, caller.lastWrite) : replicas.next();
  if (replica === undefined) {
    return;
  }
  context.readWith(replica.fork(context.em));
  if (caller.kind === 'user') {
    primeViewer(context, caller);
  }
}

async function noteWrites(context: Context): Promise<void> {
  if (context.writtenFor.length === 0) {
    return;
  }
  try {
    await noteLastWrites(context.em, context.writtenFor);
  } catch (error) {
    // What the mutation has written stands, and so must its answer.
    context.log.error({ err: error }, 'A write could not be noted: until the replicas have it, its player can miss it');
  }
}
