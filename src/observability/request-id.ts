import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { compile } from '@fastify/proxy-addr';
import type { TrustProxy } from '../config/trust-proxy.js';

/** What an id may look like: it is written to logs, and back to clients. */
const FIT = /^[\w.:-]{1,128}$/;

/**
 * Ids for requests: that of the header `x-request-id` where a proxy that is trusted has sent it, else one made here.
 * @param trustProxy whose forwarding headers are believed
 */
export function requestIds(trustProxy: TrustProxy): (request: IncomingMessage) => string {
  const isTrusted = trustOf(trustProxy);
  return ({ headers, socket }) => {
    const given = headers['x-request-id'];
    return typeof given === 'string' && FIT.test(given) && isTrusted(socket.remoteAddress ?? '', 0)
      ? given
      : randomUUID();
  };
}

function trustOf(trustProxy: TrustProxy): (address: string, hop: number) => boolean {
  if (typeof trustProxy === 'boolean') {
    return () => trustProxy;
  }
  return Array.isArray(trustProxy) ? compile(trustProxy) : trustProxy;
}
