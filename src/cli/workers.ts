import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { reportFailure } from './command.js';

/** Between the death of a worker and its replacement, so that one that cannot live does not take the machine. */
const RESTART_MILLISECONDS = 1000;

/**
 * Keeps that many worker processes of this very command, which share the port; they know nothing of each other.
 * One that dies is replaced. On SIGTERM and SIGINT all finish their requests; this process ends with the last.
 * @param onReady told the port once all workers listen for the first time
 */
export function superviseWorkers(count: number, log: Logger, onReady: (port: number) => void): void {
  let ready = false;
  let stopping = false;
  const listening = new Set<Worker>();
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      return;
    }
    stopping = true;
    log.info({ signal }, 'Shutting down: the workers finish their requests first');
    for (const worker of Object.values(cluster.workers ?? {})) {
      worker?.process.kill(signal);
    }
  };

  cluster.on('listening', (worker, { port }) => {
    listening.add(worker);
    if (!ready && listening.size === count) {
      ready = true;
      onReady(port);
    }
  });
  cluster.on('exit', (worker, code, signal) => {
    listening.delete(worker);
    if (stopping) {
      process.exitCode ||= code;
      return;
    }
    if (!ready) {
      // It has printed why, and the others will fare no better.
      process.exitCode = 1;
      stop('SIGTERM');
      return;
    }
    log.error({ worker: worker.process.pid, code, signal }, 'A worker has died; another takes its place');
    replaceSoon(() => stopping).catch(reportFailure);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => stop(signal));
  }
  for (let started = 0; started < count; started += 1) {
    cluster.fork();
  }
}

async function replaceSoon(isStopping: () => boolean): Promise<void> {
  await sleep(RESTART_MILLISECONDS);
  if (!isStopping()) {
    cluster.fork();
  }
}
