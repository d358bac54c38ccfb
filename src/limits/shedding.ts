import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ErrorCode } from '../errors.js';

/** Requests of the API that are answered at the same time; one more would only make all of them slower. */
export const MAX_IN_FLIGHT = 500;
/** Milliseconds by which timers are late on average, over a second: that long every answer waits beside its own work. */
const MAX_LOOP_DELAY = 400;

const HTTP_UNAVAILABLE = 503;
const RETRY_AFTER_SECONDS = 1;

/**
 * Answers 503 at once instead of late where there is too much to do. Health endpoints are answered all the same:
 * restarting a server that is busy would not help.
 * @param path of the API
 * @param inFlight how many requests of it are under way, this one counted
 * @param watchLoop whether a busy event loop sheds as well: under a debugger every one is
 */
export async function shedLoad(
  http: FastifyInstance,
  path: string,
  inFlight: () => number,
  watchLoop: boolean,
): Promise<void> {
  const isApi = (request: FastifyRequest): boolean => request.routeOptions.url === path;
  http.addHook('onRequest', async (request, reply) => {
    if (isApi(request) && inFlight() > MAX_IN_FLIGHT) {
      await shed(reply);
    }
  });
  if (watchLoop) {
    await http.register(underPressure, {
      maxEventLoopDelay: MAX_LOOP_DELAY,
      pressureHandler: async (request: FastifyRequest, reply: FastifyReply) => {
        if (isApi(request)) {
          await shed(reply);
        }
      },
    });
  }
}

async function shed(reply: FastifyReply): Promise<void> {
  await reply
    .code(HTTP_UNAVAILABLE)
    .header('retry-after', RETRY_AFTER_SECONDS)
    .send({
      errors: [
        {
          message: 'The server is busy. Try again in a moment.',
          extensions: { code: ErrorCode.SERVICE_UNAVAILABLE, retryAfter: RETRY_AFTER_SECONDS },
        },
      ],
    });
}
