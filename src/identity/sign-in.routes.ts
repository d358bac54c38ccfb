import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { ServerConfig } from '../config.js';
import type { Database } from '../database/database.js';
import { AppError, ErrorCode } from '../errors.js';
import { consume } from '../limits/limiter.js';
import type { Limiter } from '../limits/limiter.js';
import { browserCookie, readBrowserSecret } from './browser-cookie.js';
import { Provider } from './provider.js';
import { isAllowedReturn, returnWith } from './return-address.js';
import { callbackAddress, SIGN_IN_PATH } from './sign-in-address.js';
import { takeAttempt } from './sign-in-attempt.js';
import { beginSignIn, settleSignIn } from './sign-in.service.js';
import { SignInError } from './sign-in-error.js';

const HTTP_FOUND = 302;
const HTTP_BAD_REQUEST = 400;
const HTTP_NOT_FOUND = 404;

interface ProviderRoute {
  Params: { provider: string };
}

/**
 * `GET /auth/:provider` sends a browser to a provider, and `GET /auth/:provider/callback` is where it comes back and is sent
 * on to the client, with a code or a word for what went wrong. Only where there is no client that could be told, they
 * answer themselves.
 */
export function registerSignIn(
  http: FastifyInstance,
  database: Database,
  config: ServerConfig,
  log: Logger,
  limiter: Limiter | undefined,
): void {
  const secure = config.publicUrl.startsWith('https:');
  const providers = new Map(
    config.oidcProviders.map((settings) => [
      settings.name,
      new Provider(settings, callbackAddress(config, settings.name)),
    ]),
  );

  const begin = async (request: FastifyRequest<ProviderRoute>, reply: FastifyReply) => {
    const provider = providers.get(request.params.provider);
    if (provider === undefined) {
      return refuse(reply, HTTP_NOT_FOUND, ErrorCode.NOT_FOUND, 'There is no such provider.');
    }
    const query = queryOf(request);
    const returnUrl = query.get('return');
    if (!isAllowedReturn(returnUrl, config.signInReturnUrls)) {
      return refuse(reply, HTTP_BAD_REQUEST, ErrorCode.BAD_USER_INPUT, 'A sign-in cannot return to this address.');
    }
    return answer(reply, provider, returnUrl, async () => {
      await consume({ client: { address: request.ip }, ...(limiter && { limiter }) }, 'signIn', {});
      const cookie = browserCookie(request.headers.cookie, secure);
      const em = database.orm.em.fork();
      const url = await beginSignIn(em, provider, cookie.secret, returnUrl, query.get('link') ?? undefined);
      reply.header('set-cookie', cookie.header);
      return url.href;
    });
  };

  const comeBack = async (request: FastifyRequest<ProviderRoute>, reply: FastifyReply) => {
    const provider = providers.get(request.params.provider);
    const browser = readBrowserSecret(request.headers.cookie, secure);
    const query = queryOf(request);
    const state = query.get('state');
    const em = database.orm.em.fork();
    const attempt =
      provider === undefined || browser === undefined || state === null
        ? undefined
        : await takeAttempt(em, provider.settings.name, browser, state);
    if (provider === undefined || attempt === undefined) {
      const message = 'This sign-in did not begin in this browser, has ended already, or took too long. Begin again.';
      return refuse(reply, HTTP_BAD_REQUEST, ErrorCode.BAD_USER_INPUT, message);
    }
    return answer(reply, provider, attempt.returnUrl, async () => {
      const claims = await provider.claimsOf(query.toString(), attempt);
      const code = await settleSignIn(em, provider.settings.name, claims, attempt, config);
      return returnWith(attempt.returnUrl, { code });
    });
  };

  /** Sends the browser on to where `work` says, or back to the client with a word for what went wrong. */
  const answer = async (
    reply: FastifyReply,
    { settings: { name } }: Provider,
    returnUrl: string,
    work: () => Promise<string>,
  ) => {
    reply.header('cache-control', 'no-store');
    try {
      return await reply.redirect(await work(), HTTP_FOUND);
    } catch (error) {
      const failure = wordOf(error);
      const { word, detail } = failure;
      if (word === 'server_error') {
        log.error({ err: error, provider: name }, 'A sign-in failed by a fault of the server');
      } else if (detail !== undefined) {
        log.warn({ provider: name, word, detail }, 'A provider could not be signed in with');
      }
      return reply.redirect(returnWith(returnUrl, { error: word }), HTTP_FOUND);
    }
  };

  // Without HEAD, which would spend what the GET after it needs.
  http.get<ProviderRoute>(`${SIGN_IN_PATH}/:provider`, { exposeHeadRoute: false }, begin);
  http.get<ProviderRoute>(`${SIGN_IN_PATH}/:provider/callback`, { exposeHeadRoute: false }, comeBack);
}

function wordOf(error: unknown): SignInError {
  if (error instanceof SignInError) {
    return error;
  }
  return new SignInError(
    error instanceof AppError && error.code === ErrorCode.RATE_LIMITED ? 'rate_limited' : 'server_error',
  );
}

function queryOf({ url }: FastifyRequest<ProviderRoute>): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : url.slice(start));
}

/** In the shape of every other error. */
function refuse(reply: FastifyReply, status: number, code: ErrorCode, message: string): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .send({ errors: [{ message, extensions: { code } }] });
}
