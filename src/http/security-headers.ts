import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/**
 * Headers with which a browser makes nothing of an answer but what it is: data, for the page that asked. The explorer's
 * pages set a policy of their own over these.
 * @param production adds that browsers are to come by HTTPS alone from now on; they heed it over HTTPS only
 */
export async function addSecurityHeaders(http: FastifyInstance, production: boolean): Promise<void> {
  await http.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    frameguard: { action: 'sameorigin' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: production && { maxAge: 31_536_000, includeSubDomains: false },
    // It would cut windows that a game opens for a sign-in off from the page that opened them.
    crossOriginOpenerPolicy: false,
    // For old browsers and plug-ins, which have nothing to do with data.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
  });
}
