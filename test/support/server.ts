import { randomUUID } from 'node:crypto';
import type { GraphQLFormattedError } from 'graphql';
import { loadConfig, type ServerConfig } from '../../src/config.js';
import type { Replicas } from '../../src/database/replicas.js';
import type { Jobs } from '../../src/jobs/jobs.js';
import { createLog } from '../../src/log.js';
import { createServer, GRAPHQL_PATH, type LaurelServer } from '../../src/server.js';
import { openTestDatabase, type TestDatabase } from './database.js';
import { compareExecutors, SwitchedExecution } from './executors.js';

export const API_KEY = 'an-api-key-of-this-test-with-32-bytes';
export const PASSWORD = 'a password of the tests';

export interface Answer<Data> {
  status: number;
  data: Data;
  errors: GraphQLFormattedError[] | undefined;
}

export interface Player {
  id: string;
  nickname: string;
  email: string;
  accessToken: string;
  refreshToken: string;
}

type Headers = Record<string, string>;

type Tail<List extends unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;

/** A whole server on a database of its own, spoken to through HTTP without a socket. */
export interface TestServer extends LaurelServer {
  database: TestDatabase;
  config: ServerConfig;
  execution: SwitchedExecution;
  /** Sends one operation. `as` is whose token to send: a player, the service key, or nobody. */
  send(
    source: string,
    variables?: Record<string, unknown>,
    as?: Player | 'service' | null,
    headers?: Headers,
  ): Promise<{ statusCode: number; body: string }>;
  /** As `send`, answering what the body says. */
  graphql<Data = any>(source: string, ...how: Tail<Parameters<TestServer['send']>>): Promise<Answer<Data>>;
  /** Registers a player with a nickname of that beginning. */
  player(nickname?: string, input?: Record<string, unknown>): Promise<Player>;
  close(): Promise<void>;
}

/**
 * @param settings environment variables beside the tests' own
 * @param opened the database to serve; left out, an empty one
 * @param replicas of that database, to read from
 * @param jobs the job runner on that database; left out, no mail is sent
 */
export async function startTestServer(
  settings: NodeJS.ProcessEnv = {},
  opened?: TestDatabase,
  replicas?: Replicas,
  jobs?: Jobs,
): Promise<TestServer> {
  const config: ServerConfig = {
    ...loadConfig({
      NODE_ENV: 'test',
      LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
      API_KEY,
      // All the players of a suite come from one address.
      RATE_LIMITS: 'false',
      ...settings,
    }),
    tokenKey: Buffer.from('a token secret of the tests, 32 bytes'),
  };
  const database = opened ?? (await openTestDatabase());
  const execution = new SwitchedExecution();
  const server = await createServer(database, config, createLog(config.logLevel), execution, replicas, jobs);

  const send: TestServer['send'] = (source, variables = {}, as = null, headers = {}) =>
    server.http.inject({
      method: 'POST',
      url: GRAPHQL_PATH,
      headers: { 'content-type': 'application/json', ...credentials(as), ...headers },
      payload: JSON.stringify({ query: source, variables }),
    });
  const graphql: TestServer['graphql'] = async (source, ...how) => {
    const response =
      process.env['TEST_EXECUTORS'] === 'both'
        ? await compareExecutors(execution, database.statements, source, () => send(source, ...how))
        : await send(source, ...how);
    const { data, errors } = JSON.parse(response.body);
    return { status: response.statusCode, data, errors };
  };

  return {
    ...server,
    database,
    config,
    execution,
    send,
    graphql,
    player: async (nickname = 'player', input = {}) => {
      const email = `${randomUUID()}@example.com`;
      const { data, errors } = await graphql(
        `
          mutation ($input: RegisterInput!) {
            register(input: $input) {
              accessToken
              refreshToken
              user {
                id
                nickname
              }
            }
          }
        `,
        {
          input: {
            email,
            nickname: `${nickname}-${randomUUID().slice(0, 8)}`,
            password: PASSWORD,
            birthDate: '2000-01-01',
            ...input,
          },
        },
      );
      if (errors !== undefined) {
        throw new Error(`registering failed: ${JSON.stringify(errors)}`);
      }
      const { user, ...tokens } = data.register;
      return { ...user, ...tokens, email };
    },
    close: async () => {
      await server.apollo.stop();
      await server.http.close();
      await database.close();
    },
  };
}

function credentials(as: Player | 'service' | null): Headers {
  if (as === null) {
    return {};
  }
  return as === 'service' ? { 'x-api-key': API_KEY } : { authorization: `Bearer ${as.accessToken}` };
}
