import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ErrorCode } from '../errors.js';
import { requestShed } from '../observability/topics.js';
import { ConcurrencyLimit } from './concurrency-limit.js';

/** Milliseconds by which timers are late on average, over a second: that long every answer waits beside its own work. */
const MAX_LOOP_DELAY = 400;

const HTTP_UNAVAILABLE = 503;
const RETRY_AFTER_SECONDS = 1;

/**
 * Answers 503 at once instead of late where there is too much to do.
 * @param api the routes that are refused; health endpoints are not among them, as restarting a server that is busy
 *   would not help
 * @param inFlight how many requests of them are under way, this one counted
 * @param watchLoop whether a busy event loop sheds as well: under a debugger every one is
 */
export async function shedLoad(api: FastifyInstance, inFlight: () => number, watchLoop: boolean): Promise<void> {
  const limit = new ConcurrencyLimit();
  api.addHook('onRequest', (_request, reply, done) => {
    if (!limit.admits(inFlight())) {
      requestShed.tell('in_flight');
      shed(reply);
      return;
    }
    done();
  });
  api.addHook('onResponse', (_request, reply, done) => {
    if (reply.statusCode !== HTTP_UNAVAILABLE) {
      limit.answered(reply.elapsedTime, performance.now());
    }
    done();
  });
  if (watchLoop) {
    await api.register(underPressure, {
      maxEventLoopDelay: MAX_LOOP_DELAY,
      pressureHandler: async (_request: FastifyRequest, reply: FastifyReply) => {
        requestShed.tell('event_loop');
        await shed(reply);
      },
    });
  }
}

function shed(reply: FastifyReply): FastifyReply {
  return reply
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
