import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const SAMPLE_MILLISECONDS = 100;

/**
 * Runs a program to its end.
 * @returns {Promise<{ output: string, seconds: number, peakMb: number | undefined, samplesMb: number[] }>} what it
 *   wrote to stdout, how long it took, and its memory (RSS): the most there was, and every tenth of a second. Without
 *   /proc that is unknown
 * @throws Error with what it said where it failed
 */
export async function runProgram(command, args, env = {}) {
  const started = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
  const samplesMb = [];
  let peakMb;
  const sampler = setInterval(() => {
    const memory = memoryOf(child.pid);
    if (memory !== undefined) {
      samplesMb.push(memory.now);
      peakMb = memory.peak;
    }
  }, SAMPLE_MILLISECONDS);
  try {
    const [code] = await once(child, 'close');
    const seconds = (performance.now() - started) / 1000;
    if (code !== 0) {
      throw new Error(`${command} ended with ${code}:\n${output}${complaints}`);
    }
    return { output, seconds, peakMb, samplesMb };
  } finally {
    clearInterval(sampler);
  }
}

/** Memory of a process in MB, now and the most there was; undefined where nothing can be told, or not any more. */
function memoryOf(pid) {
  let status;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  const [now, peak] = ['VmRSS', 'VmHWM'].map((name) => new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]);
  return now === undefined ? undefined : { now: Math.round(now / 1024), peak: Math.round(peak / 1024) };
}
