import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ConfigError } from '../config/config-error.js';

const manifestSchema = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1) })),
});

const APOLLO_PREFIX = 'apq:';
const HTTP_BAD_REQUEST = 400;

/** Operations that clients send by their id, from a file in Apollo's format. */
export class PersistedOperations {
  readonly #bodies: ReadonlyMap<string, string>;
  readonly #texts: ReadonlySet<string>;

  constructor(operations: readonly { id: string; body: string }[]) {
    this.#bodies = new Map(operations.map(({ id, body }) => [id, body]));
    this.#texts = new Set(this.#bodies.values());
  }

  /** Whether that text is one of them. */
  has(text: string): boolean {
    return this.#texts.has(text);
  }

  /** As Apollo Server asks for what it has an id of. */
  async get(key: string): Promise<string | undefined> {
    return this.#bodies.get(key.slice(APOLLO_PREFIX.length));
  }

  /** The file is all there is: what clients register by the way is not kept. */
  async set(): Promise<void> {}

  async delete(): Promise<void> {}
}

/**
 * Reads a manifest.
 * @throws ConfigError saying what is wrong with it
 */
export function readPersistedOperations(path: string): PersistedOperations {
  const parsed = manifestSchema.safeParse(readJson(path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: place, message }) => `${place.join('.')}: ${message}`);
    throw unusable(path, `is no manifest in Apollo's format: ${problems.join(', ')}`);
  }
  return new PersistedOperations(parsed.data.operations);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unusable(path, `cannot be read as JSON: ${(error as Error).message}`);
  }
}

function unusable(path: string, problem: string): ConfigError {
  return new ConfigError([`PERSISTED_OPERATIONS: ${path} ${problem}`]);
}

/** Refuses every other operation before it is parsed, on all routes of `api`. */
export function refuseOtherOperations(api: FastifyInstance, operations: PersistedOperations): void {
  api.addHook('preHandler', async (request, reply) => {
    const sent: unknown = request.method === 'GET' ? request.query : request.body;
    const text = typeof sent === 'object' && sent !== null && 'query' in sent ? sent.query : undefined;
    if (text !== undefined && text !== null && !(typeof text === 'string' && operations.has(text))) {
      await reply.code(HTTP_BAD_REQUEST).send({
        errors: [
          {
            message: 'This server answers the operations of its game alone: send the id of one.',
            extensions: { code: 'PERSISTED_QUERY_ONLY' },
          },
        ],
      });
    }
  });
}
