import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { type Post, startPost } from '../account/post.js';
import { COMPILED, DIST, LaurelProcess } from '../cli/process.js';
import { CLIENT, type LoopbackProvider, startLoopbackProvider } from '../identity/loopback-provider.js';
import { createEmptyDatabase } from '../support/empty-database.js';

export const TOKEN_SECRET = 'c0b3f6ae2b7d4f8e9a1d5c7b3e2f4a6d8b0c2e4f6a8d0b1c';
export const API_KEY = 'f4e1d2c3b4a5968778695a4b3c2d1e0ff4e1d2c3';
export const PASSWORD = 'a password of the tests';
/** The page that may call the server, and return from a sign-in. */
export const GAME = 'https://game.example.com';
export const RETURN = `${GAME}/signed-in`;

/** What came back, as it was sent. */
export interface Answer {
  /** 0 where the connection ended without an answer. */
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Player {
  id: string;
  email: string;
  nickname: string;
  accessToken: string;
  refreshToken: string;
}

export interface HttpRequest {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface Sender {
  /** Whose token to send. */
  as?: Player | undefined;
  /** The address to come from, as the proxy in front of the server tells it; left out, one that nobody else has. */
  from?: string | undefined;
  headers?: Record<string, string>;
}

export type Variables = Record<string, unknown>;

/** A server in production mode in a process of its own, and everything that is around it. */
export interface Target {
  post: Post;
  provider: LoopbackProvider;
  http(request: HttpRequest): Promise<Answer>;
  /** Sends these bytes, and takes what comes until the connection ends. */
  bytes(bytes: string): Promise<Answer>;
  graphql(query: string, variables?: Variables, sender?: Sender): Promise<Answer>;
  /** As `graphql`, for what is no attack: answers the data, and fails where there is an error. */
  ask(query: string, variables?: Variables, sender?: Sender): Promise<any>;
  player(input?: Record<string, unknown>): Promise<Player>;
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Makes a service key. @param ended SQL of what else is in its row, such as `revoked_at = now()` */
  serviceKey(scopes: string[], ended?: string): Promise<string>;
  /** Begins so many requests, none of which goes on until what is answered is called. */
  hold(requests: number): Promise<() => void>;
  /** What the server has logged. */
  output(): string;
  close(): Promise<void>;
}

/** Servers that differ in settings from the main one. */
export const variants = {
  /** Behind a proxy on this machine. */
  main: { TRUST_PROXY: 'loopback' },
  /** As the main one; few mails are asked of it, so that they come soon. */
  mailing: { TRUST_PROXY: 'loopback' },
  /** As the main one, on a machine that hashes one password after the other. */
  slow: { TRUST_PROXY: 'loopback', UV_THREADPOOL_SIZE: '1' },
  /** Nothing is in front of it. */
  direct: {},
  /** With the operations of a file alone. */
  persisted: {
    PERSISTED_ONLY: 'true',
    PERSISTED_OPERATIONS: fileURLToPath(new URL('persisted-operations.json', import.meta.url)),
  },
} satisfies Record<string, Record<string, string>>;

export type Variant = keyof typeof variants;

export async function startTarget(variant: Variant): Promise<Target> {
  const post = await startPost();
  const provider = await startLoopbackProvider();
  const settings = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    TOKEN_SECRET,
    API_KEY,
    SMTP_URL: post.url,
    MAIL_FROM: 'The Game <game@example.com>',
    GAME_NAME: 'The Game',
    APP_URL: GAME,
    CORS_ORIGINS: GAME,
    PUBLIC_URL: 'https://api.game.example.com',
    SIGN_IN_RETURN_URLS: RETURN,
    OIDC_PROVIDERS: JSON.stringify([
      { name: 'one', issuer: provider.issuer, ...CLIENT },
      { name: 'two', issuer: provider.issuer, ...CLIENT },
    ]),
    ...variants[variant],
  };
  const server = await startServer(settings).catch(async (error: unknown) => {
    await provider.close();
    await post.close();
    throw error;
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });

  const http: Target['http'] = ({ method = 'GET', path = '/graphql', headers = {}, body }) =>
    new Promise((resolve) => {
      const sent = request(server.address, { method, path, headers, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('close', () => {
          const { statusCode = 0, headers: got } = response;
          resolve({ status: statusCode, headers: got, body: Buffer.concat(chunks).toString() });
        });
      });
      sent.on('error', (error) => resolve({ status: 0, headers: {}, body: String(error) }));
      sent.end(body);
    });
  const graphql: Target['graphql'] = (query, variables = {}, { as, from = newAddress(), headers } = {}) =>
    http({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': from,
        ...(as !== undefined && { authorization: `Bearer ${as.accessToken}` }),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
  const ask: Target['ask'] = async (...how) => {
    const { body } = await graphql(...how);
    const { data, errors } = JSON.parse(body);
    if (errors !== undefined) {
      throw new Error(`The preparation of an attack failed: ${body}`);
    }
    return data;
  };
  return {
    post,
    provider,
    http,
    bytes: (bytes) => sendBytes(server.address, bytes),
    graphql,
    ask,
    player: async (input = {}) => {
      const name = randomUUID().slice(0, 18);
      const account = { email: `${name}@example.com`, nickname: name, password: PASSWORD, birthDate: '2000-01-01' };
      const { register } = await ask(
        `mutation ($input: RegisterInput!) { register(input: $input) { accessToken refreshToken user { id nickname } } }`,
        { input: { ...account, ...input } },
      );
      const { user, ...tokens } = register;
      return { ...user, ...tokens, email: account.email };
    },
    sql: server.sql,
    serviceKey: async (scopes, ended = 'expires_at = null') => {
      const key = `laurel_${randomBytes(32).toString('base64url')}`;
      const hash = createHash('sha256').update(key).digest('hex');
      await server.sql(
        `insert into api_keys (id, name, prefix, key_hash, scopes)
          values (gen_random_uuid(), 'a key', $1, decode($2, 'hex'), string_to_array($3, ','))`,
        [key.slice(0, 13), hash, scopes.join(',')],
      );
      await server.sql(`update api_keys set ${ended} where key_hash = decode($1, 'hex')`, [hash]);
      return key;
    },
    hold: (requests) => hold(server.address, requests),
    output: () => server.output(),
    close: async () => {
      agent.destroy();
      await server.close();
      await provider.close();
      await post.close();
    },
  };
}

interface Server {
  address: URL;
  sql: Target['sql'];
  output(): string;
  close(): Promise<void>;
}

/** As operators do on a PostgreSQL server, where there is one for the tests. */
function startServer(settings: Record<string, string>): Promise<Server> {
  const { TEST_POSTGRES_URL: postgres, LAUREL_TEST_TEMPLATE: template } = process.env;
  return postgres === undefined ? startEmbedded(settings) : startOnPostgres(settings, postgres, template);
}

async function startOnPostgres(
  settings: Record<string, string>,
  postgres: string,
  template: string | undefined,
): Promise<Server> {
  const { url, drop } = await createEmptyDatabase(postgres, template);
  const server = new LaurelProcess(['serve'], { ...settings, DATABASE_URL: url });
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    address: new URL(await server.address()),
    sql: async (text, values) => (await client.query(text, values)).rows,
    output: () => server.output,
    close: async () => {
      server.kill('SIGKILL');
      await server.finished;
      await client.end();
      await drop();
    },
  };
}

async function startEmbedded(settings: Record<string, string>): Promise<Server> {
  const child = fork(fileURLToPath(new URL('embedded-server.js', import.meta.url)), {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: COMPILED,
      LAUREL_TEST_DIST: DIST,
      LAUREL_TEST_DUMP: process.env['LAUREL_TEST_DUMP'],
      ...settings,
    },
    execArgv: [],
    silent: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => (output += data.toString()));
  }
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const address = await announced(child, () => output);
  let asked = 0;
  return {
    address: new URL(address),
    sql: (text, values = []) =>
      new Promise((resolve, reject) => {
        asked += 1;
        const id = asked;
        const take = (told: { id: number; rows: Record<string, unknown>[]; error?: string }): void => {
          if (told.id !== id) {
            return;
          }
          child.off('message', take);
          if (told.error === undefined) {
            resolve(told.rows);
          } else {
            reject(new Error(told.error));
          }
        };
        child.on('message', take);
        child.send({ id, text, values });
      }),
    output: () => output,
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function announced(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      const [, address] = /ready at (http:\/\/\S+)\n/.exec(output()) ?? [];
      if (address !== undefined) {
        resolve(address);
      }
    });
    child.once('close', (code) => reject(new Error(`The server ended with ${code}: ${output()}`)));
  });
}

async function hold({ hostname, port }: URL, requests: number): Promise<() => void> {
  const head = 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';
  const sockets = Array.from({ length: requests }, () => connect(Number(port), hostname));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) {
    // Some are answered, and closed by that.
    socket.on('error', () => undefined);
    socket.write(head);
  }
  return () => sockets.forEach((socket) => socket.destroy());
}

function sendBytes(address: URL, bytes: string): Promise<Answer> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(address.port), address.hostname, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (data: string) => (received += data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const [head = '', body = ''] = received.split('\r\n\r\n');
      const [first = '', ...lines] = head.split('\r\n');
      const headers = Object.fromEntries(lines.map((line) => line.split(': ', 2) as [string, string]));
      resolve({ status: Number(first.split(' ')[1] ?? 0), headers, body });
    });
  });
}

let addresses = 0;

/** An address that nobody else comes from. */
export function newAddress(): string {
  addresses += 1;
  return `198.18.${Math.floor(addresses / 250)}.${1 + (addresses % 250)}`;
}
