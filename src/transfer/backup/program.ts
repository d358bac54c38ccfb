import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TransferError } from '../errors.js';
import { readableComplaint } from './complaint.js';

/** How one of PostgreSQL's own programs is run. */
export interface ProgramOptions {
  /** Environment variables beside those of this process, such as PGPASSWORD. */
  environment?: Record<string, string>;
  /** What the program reads; it ends with what this ends with. */
  input?: Readable;
  /** Ends the program. */
  signal?: AbortSignal;
}

/** What became of a program. */
export interface Finished {
  code: number;
  output: string;
  /** What it complained of, without what it quotes of rows. */
  complaint: string;
}

/**
 * Runs a program to its end. It is in a process group of its own, so that Ctrl-C reaches it only through `signal`.
 * Where the input fails, the program sees its end, and the failure is thrown once the program has ended.
 */
export async function runProgram(name: string, words: string[], options: ProgramOptions = {}): Promise<Finished> {
  options.signal?.throwIfAborted();
  const child = spawn(name, words, {
    env: { ...process.env, ...options.environment },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output: Buffer[] = [];
  const complaint: Buffer[] = [];
  child.stdout!.on('data', (data: Buffer) => output.push(data));
  child.stderr!.on('data', (data: Buffer) => complaint.push(data));
  const end = (): void => void child.kill('SIGTERM');
  options.signal?.addEventListener('abort', end);
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      complaint.push(Buffer.from(error.message));
      resolve(-1);
    });
    child.once('close', (code) => resolve(code ?? -1));
  });
  const fed = options.input === undefined ? undefined : pipeline(options.input, child.stdin!).catch(notEndedEarly);
  const failure = await fed;
  const code = await ended;
  options.signal?.removeEventListener('abort', end);
  options.signal?.throwIfAborted();
  if (failure !== undefined) {
    throw failure;
  }
  return { code, output: text(output), complaint: readableComplaint(text(complaint)) };
}

/**
 * What a program writes, while it runs.
 * @param refuse makes the error where the program failed, of what it complained of
 */
export async function* outputOf(
  name: string,
  words: string[],
  refuse: (complaint: string) => Error,
): AsyncGenerator<Buffer> {
  const child = spawn(name, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const complaint: Buffer[] = [];
  child.stderr.on('data', (data: Buffer) => complaint.push(data));
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('close', resolve);
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    if ((await ended) !== 0) {
      throw refuse(readableComplaint(text(complaint)));
    }
  } finally {
    // Where nobody reads on, it would wait forever.
    child.kill('SIGTERM');
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString();
}

/** A program that ends before it has read everything says why itself. */
function notEndedEarly(error: Error & { code?: string }): Error | undefined {
  return ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(error.code ?? '') ? undefined : error;
}

/**
 * Sees that a program is there and not older than the server.
 * @param server the version of the PostgreSQL server, such as 15
 * @throws TransferError
 */
export async function requireProgram(name: string, server: number): Promise<void> {
  const { code, output } = await runProgram(name, ['--version']);
  if (code !== 0) {
    throw new TransferError(
      `There is no ${name} on this machine. Nothing was changed.\nInstall PostgreSQL's client programs of version ${server} or newer (postgresql-client-${server} on Debian), or put their folder into PATH.`,
    );
  }
  const version = Number(/ (\d+)/.exec(output)?.[1] ?? 0);
  if (version < server) {
    throw new TransferError(
      `${name} is of PostgreSQL ${version}, and the server is of ${server}: an older program cannot be trusted with it. Nothing was changed.\nInstall PostgreSQL's client programs of version ${server} or newer (postgresql-client-${server} on Debian), or put their folder into PATH, before that of the older ones.`,
    );
  }
}
