import { createServer, type Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { ConfigError } from '../config/config-error.js';

/** Where metrics are to be had. */
export interface MetricsAddress {
  metricsPort: number;
  metricsHost: string;
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const HTTP_NOT_FOUND = 404;
const HTTP_METHOD_NOT_ALLOWED = 405;
const HTTP_UNAVAILABLE = 503;

/** What answers GET /metrics, and nothing else. It does not keep the process. */
export interface MetricsServer {
  /** With the port that it has got. */
  url: string;
  close(): void;
}

/**
 * @param read the metrics, as Prometheus reads them
 * @throws ConfigError where that address cannot be listened on
 */
export async function serveMetrics(
  { metricsPort, metricsHost }: MetricsAddress,
  read: () => Promise<string>,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(HTTP_NOT_FOUND).end();
      return;
    }
    if (request.method !== 'GET') {
      response.writeHead(HTTP_METHOD_NOT_ALLOWED, { allow: 'GET' }).end();
      return;
    }
    read().then(
      (text) => response.setHeader('content-type', CONTENT_TYPE).end(text),
      // A worker that does not answer; the next time it may.
      () => response.writeHead(HTTP_UNAVAILABLE).end(),
    );
  });
  const port = await listen(server, metricsPort, metricsHost);
  server.unref();
  server.on('connection', (socket) => socket.unref());
  return {
    url: `http://${isIPv6(metricsHost) ? `[${metricsHost}]` : metricsHost}:${port}/metrics`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @returns the port */
function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new ConfigError([reasonOf(error, port, host)])));
    // Of one process, also where workers share the ports of others.
    server.listen({ port, host, exclusive: true }, () => resolve((server.address() as { port: number }).port));
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  return code === 'EADDRINUSE'
    ? `METRICS_PORT: another program listens on port ${port} of ${host}; set another`
    : `METRICS_PORT: metrics cannot be served at port ${port} of ${host}: ${message}`;
}
