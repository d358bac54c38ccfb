import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it has arrived. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Undefined or empty for the first of a trace. */
  parentSpanId?: string;
  name: string;
  kind: number;
  start: bigint;
  end: bigint;
  attributes: Record<string, unknown>;
}

/** What takes traces by OTLP over HTTP. */
export interface Receiver {
  endpoint: string;
  spans: ReceivedSpan[];
  /** Of whoever has sent them. */
  resources: Record<string, unknown>[];
  close(): Promise<void>;
}

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

export async function startReceiver(): Promise<Receiver> {
  const spans: ReceivedSpan[] = [];
  const resources: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url !== '/v1/traces' || request.headers['content-type'] !== 'application/json') {
        response.writeHead(404).end();
        return;
      }
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString());
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(attributesOf(resource.attributes));
        for (const span of scopeSpans.flatMap((scope: { spans: unknown[] }) => scope.spans)) {
          const { startTimeUnixNano, endTimeUnixNano, attributes, ...rest } = span;
          spans.push({
            ...rest,
            start: BigInt(startTimeUnixNano),
            end: BigInt(endTimeUnixNano),
            attributes: attributesOf(attributes),
          });
        }
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    resources,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function attributesOf(attributes: Attribute[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
