import { execFileSync, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { laurelCommand, laurelSettings } from './laurel.js';
import { freePort } from './postgres.js';

const START_TIMEOUT_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 10;

/** Starts Laurel and the peers on the database at `url`, one process each. @returns them by name */
export async function startServers(url) {
  const port = await freePort();
  const laurel = await startServer(laurelCommand('serve'), laurelSettings(url, port), port);
  return { laurel, postgraphile: await startPeer('postgraphile', url), mercurius: await startPeer('mercurius', url) };
}

async function startPeer(name, url) {
  const port = await freePort();
  const command = { command: process.execPath, args: [join(import.meta.dirname, 'peers', `${name}.js`)] };
  // GRAPHILE_ENV is the same to PostGraphile's parts as NODE_ENV: without it they check themselves as they run.
  const settings = { NODE_ENV: 'production', GRAPHILE_ENV: 'production', DATABASE_URL: url, PORT: String(port) };
  return startServer(command, settings, port);
}

async function startServer({ command, args }, settings, port) {
  const child = spawn(command, args, { env: { ...process.env, ...settings }, stdio: ['ignore', 'ignore', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}/graphql`;
  await firstAnswer(url, child);
  return {
    url,
    memoryMb: () => memoryMb(child.pid),
    cpuMilliseconds: () => cpuMilliseconds(child.pid),
    stop: () => stop(child),
  };
}

/** Waits until a GraphQL server answers. @throws Error where the process ends before, or takes too long */
export async function firstAnswer(url, child) {
  const deadline = performance.now() + START_TIMEOUT_MILLISECONDS;
  while (performance.now() < deadline && child.exitCode === null) {
    try {
      await ask({ url }, { query: '{ __typename }' });
      return;
    } catch {
      await sleep(POLL_MILLISECONDS);
    }
  }
  throw new Error(`${child.spawnargs.join(' ')} does not answer.`);
}

/**
 * Sends one operation.
 * @param {{ url: string }} server
 * @param {{ query: string, variables?: object, token?: string }} operation
 * @returns its data @throws Error for any other answer
 */
export async function ask(server, operation) {
  const response = await fetch(server.url, { method: 'POST', headers: headersOf(operation), body: bodyOf(operation) });
  const { data, errors } = await response.json();
  if (errors !== undefined) {
    throw new Error(`${server.url} answers ${JSON.stringify(errors)}`);
  }
  return data;
}

/** The body of an operation's request. */
export const bodyOf = ({ query, variables }) => JSON.stringify({ query, variables });

/** The headers of an operation's request. */
export const headersOf = ({ token }) => ({
  'content-type': 'application/json',
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
});

/** Memory of a process that is in use, in MB; NaN on Windows, which has no `ps`. */
function memoryMb(pid) {
  if (process.platform === 'win32') {
    return NaN;
  }
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024);
}

/** Linux counts in hundredths of a second (`man 5 proc_pid_stat`: utime and stime). */
const TICK_MILLISECONDS = 10;

/** CPU time that a process has taken, with all its threads, in milliseconds; NaN where there is no /proc. */
function cpuMilliseconds(pid) {
  if (process.platform !== 'linux') {
    return NaN;
  }
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may have blanks; what follows is counted from the state, the third field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MILLISECONDS;
}

async function stop(child) {
  if (child.exitCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // Laurel gives load balancers time before it stops: nobody waits for it here.
  child.kill('SIGKILL');
  await ended;
}
