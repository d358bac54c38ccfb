import type { ApolloServerPlugin, GraphQLRequestContextResponseForOperation } from '@apollo/server';
import { type DocumentNode, Kind, OperationTypeNode, parse } from 'graphql';
import type { Context } from '../../src/context.js';
import { CompiledExecution } from '../../src/execution/compiled-execution.js';

/** Compiles eligible queries at their first use; switched to `interpreted`, leaves all to Apollo Server. */
export class SwitchedExecution implements ApolloServerPlugin<Context> {
  interpreted = false;
  /** How many requests were answered compiled. */
  answered = 0;
  readonly #compiled = new CompiledExecution(1);

  async requestDidStart() {
    if (this.interpreted) {
      return;
    }
    const { responseForOperation } = await this.#compiled.requestDidStart();
    return {
      responseForOperation: async (request: GraphQLRequestContextResponseForOperation<Context>) => {
        const response = await responseForOperation(request);
        this.answered += response === null ? 0 : 1;
        return response;
      },
    };
  }
}

interface Response {
  statusCode: number;
  body: string;
}

let underWay = 0;
let started = 0;

/**
 * Sends a query to both executors and throws where they differ in status, body or the number of statements; sends
 * anything but a query once.
 * @param statements where the database notes what it was sent; those of the compiled run are kept
 * @returns what the compiled run has answered
 */
export async function compareExecutors<R extends Response>(
  execution: SwitchedExecution,
  statements: string[],
  source: string,
  send: () => Promise<R>,
): Promise<R> {
  underWay += 1;
  started += 1;
  const own = started;
  try {
    // What runs beside it may change the answer in between.
    if (underWay > 1 || !isQuery(source)) {
      return await send();
    }
    const { interpreted, compiled, statementsAgree } = await compare(execution, statements, send);
    const bodiesAgree =
      compiled.statusCode === interpreted.statusCode &&
      withoutErrorIds(compiled.body) === withoutErrorIds(interpreted.body);
    if (started === own && !(bodiesAgree && statementsAgree)) {
      throw new Error(
        `The executors differ about ${source}\ninterpreted: ${describe(interpreted)}\ncompiled: ${describe(compiled)}`,
      );
    }
    return compiled;
  } finally {
    underWay -= 1;
    execution.interpreted = false;
  }
}

/**
 * A query that has failed goes on reading after its answer, into the next one's statements: numbers that differ are
 * taken again. Executors that do differ, do so every time.
 */
async function compare<R extends Response>(
  execution: SwitchedExecution,
  statements: string[],
  send: () => Promise<R>,
  attempts = 4,
): Promise<{ interpreted: R & Counted; compiled: R & Counted; statementsAgree: boolean }> {
  const before = statements.length;
  execution.interpreted = true;
  const interpreted = Object.assign(await send(), { statements: statements.splice(before).length });
  execution.interpreted = false;
  const answer = await send();
  const compiled = Object.assign(answer, { statements: statements.length - before });
  // A query that fails is executed by both.
  const failed = 'errors' in JSON.parse(interpreted.body);
  if (failed || compiled.statements === interpreted.statements || attempts === 1) {
    return { interpreted, compiled, statementsAgree: failed || compiled.statements === interpreted.statements };
  }
  statements.splice(before);
  return compare(execution, statements, send, attempts - 1);
}

interface Counted {
  statements: number;
}

function describe({ statusCode, body, statements }: Response & Counted): string {
  return `${statusCode} ${body} after ${statements} statements`;
}

function withoutErrorIds(body: string): string {
  return body.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?="\}|\.")/g, '…');
}

function isQuery(source: string): boolean {
  const operations = tryParse(source)?.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  return (
    operations?.every((definition) => 'operation' in definition && definition.operation === OperationTypeNode.QUERY) ??
    true
  );
}

function tryParse(source: string): DocumentNode | undefined {
  try {
    return parse(source);
  } catch {
    return undefined;
  }
}
