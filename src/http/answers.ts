import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { ErrorCode } from '../errors.js';

const HTTP_BAD_REQUEST = 400;
const HTTP_NOT_FOUND = 404;
const HTTP_METHOD_NOT_ALLOWED = 405;
const HTTP_UNSUPPORTED_MEDIA_TYPE = 415;
const HTTP_SERVER_ERROR = 500;

/** What is refused before there is a request, by the codes of Node's HTTP parser. */
const REFUSED_BYTES: Readonly<Record<string, { status: number; message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The headers are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to arrive.' },
};

/** Makes every answer that is not GraphQL's JSON of the same shape. */
export function answerInJson(http: FastifyInstance, path: string, log: Logger): void {
  http.setErrorHandler(async (error: FastifyError, _request, reply) => answerTransportError(error, reply, log));
  http.setNotFoundHandler(async (request, reply) => {
    if (request.url.split('?')[0] === path) {
      reply.header('allow', 'GET, POST');
      return refuse(reply, HTTP_METHOD_NOT_ALLOWED, `${request.method} is not for this address; GET and POST are.`);
    }
    return refuse(reply, HTTP_NOT_FOUND, 'There is nothing at this address.', ErrorCode.NOT_FOUND);
  });
}

/** Refuses requests of the API that its parsers are not for, and keeps its answers out of caches. */
export function refuseUnfit(api: FastifyInstance): void {
  api.addHook('onRequest', (request, reply, done) => {
    reply.header('cache-control', 'no-store');
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      refuse(reply, HTTP_UNSUPPORTED_MEDIA_TYPE, 'Send the body without compression.');
      return;
    }
    done();
  });
}

/** What fails before GraphQL sees it, such as malformed JSON, is answered in the same shape as every other error. */
export function answerTransportError(error: FastifyError, reply: FastifyReply, log: Logger): FastifyReply {
  const status = error.statusCode ?? HTTP_SERVER_ERROR;
  if (status < HTTP_SERVER_ERROR) {
    return refuse(reply, status, error.message);
  }
  log.error({ err: error, requestId: reply.request.id }, 'A request failed by a fault of the server');
  return refuse(reply, status, 'The server failed to answer this.', ErrorCode.INTERNAL_SERVER_ERROR);
}

/** What cannot even be read as HTTP; the connection ends with the answer. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) {
    return;
  }
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, message } = REFUSED_BYTES[error.code ?? ''] ?? {
    status: HTTP_BAD_REQUEST,
    message: 'This is no HTTP request.',
  };
  const body = JSON.stringify(bodyOf(message));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function refuse(reply: FastifyReply, status: number, message: string, code?: string): FastifyReply {
  // What is refused before there is a route has no other header.
  return reply.code(status).header('x-content-type-options', 'nosniff').send(bodyOf(message, code));
}

function bodyOf(message: string, code = 'BAD_REQUEST') {
  return { errors: [{ message, extensions: { code } }] };
}
