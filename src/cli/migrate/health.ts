import { isIPv6 } from 'node:net';
import type { Config } from '../../config.js';

const PATIENCE_MILLISECONDS = 2000;

/** In one line, what the server of these settings says of itself; undefined on the embedded database, which has none now. */
export async function describeHealth({ databaseUrl, host, port }: Config): Promise<string | undefined> {
  if (databaseUrl === undefined) {
    return undefined;
  }
  const url = `http://${addressOf(host)}:${port}/readyz`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    return `${url} answers ${response.status} ${(await response.text()).slice(0, 200)}`;
  } catch {
    return `${url}: no server answers there now.`;
  }
}

/** Where a server that listens on a host is to be asked, as a URL has it. */
function addressOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') {
    return '127.0.0.1';
  }
  return isIPv6(host) ? `[${host}]` : host;
}
