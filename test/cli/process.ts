import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The build; a check of the tests themselves may name another one. */
export const DIST = process.env['LAUREL_TEST_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url));
const MAIN = join(DIST, 'src/cli/main.js');
/** What Node has compiled at one start, the next ones take over: a fifth of their time. */
export const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/laurel-tests', import.meta.url));

export interface Finished {
  code: number | null;
  output: string;
}

/** A `laurel` process from the build, with only these settings beside PATH and Node's own cache. */
export class LaurelProcess {
  output = '';
  readonly finished: Promise<Finished>;
  readonly #child: ChildProcess;

  constructor(words: string[], settings: Record<string, string>) {
    this.#child = spawn(process.execPath, [MAIN, ...words], {
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILED, ...settings },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString();
      });
    }
    this.finished = new Promise((resolve) => {
      this.#child.on('close', (code) => resolve({ code, output: this.output }));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The address a server has announced. Rejects when the process ends first. */
  async address(): Promise<string> {
    for (;;) {
      const [, address] = /ready at (http:\/\/\S+)/.exec(this.output) ?? [];
      if (address !== undefined) {
        return address;
      }
      const ended = await Promise.race([this.finished, sleep(50, undefined)]);
      if (ended !== undefined) {
        throw new Error(`The server ended with ${ended.code}: ${ended.output}`);
      }
    }
  }
}

/** Runs a `laurel` command to its end. */
export function laurel(words: string[], settings: Record<string, string> = {}): Promise<Finished> {
  return new LaurelProcess(words, settings).finished;
}

/** Sends one operation to a server that listens. */
export async function post(address: string, query: string, token?: string): Promise<any> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

/** As `post`, on a connection of its own: of several workers, it is the next one's turn. */
export function postOnNewConnection(address: string, query: string, variables: object, token?: string): Promise<any> {
  return new Promise((resolve, reject) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sent = request(
      `${address}/graphql`,
      { method: 'POST', agent: false, headers: { 'content-type': 'application/json', ...authorization } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify({ query, variables }));
  });
}
