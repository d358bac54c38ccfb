import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { postgresProgram } from './postgres.js';

const run = promisify(execFile);

/** As Laurel's own connections have it: see src/database/database.ts. */
const PGOPTIONS = '-c plan_cache_mode=force_generic_plan -c jit=off';

/**
 * Runs a script with pgbench, its statements prepared.
 * @param {string} url of the database
 * @param {{ script: string, constants: Record<string, string> }} transaction
 * @param {{ clients: number, seconds: number }} load
 * @returns {Promise<{ tps: number, milliseconds: number }>} transactions per second of all clients, and the average
 *   time of one
 */
export async function runPgbench(url, { script, constants }, { clients, seconds }) {
  const definitions = Object.entries(constants).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const load = ['-c', String(clients), '-j', String(Math.min(clients, 2)), '-T', String(seconds)];
  const running = run(postgresProgram('pgbench'), ['-n', '-M', 'prepared', ...load, ...definitions, '-f', '-', url], {
    env: { ...process.env, PGOPTIONS },
  });
  running.child.stdin.end(script);
  const { stdout } = await running;
  return { tps: figure(stdout, /^tps = ([\d.]+)/m), milliseconds: figure(stdout, /^latency average = ([\d.]+) ms/m) };
}

function figure(output, pattern) {
  const [, text] = pattern.exec(output) ?? [];
  if (text === undefined) {
    throw new Error(`pgbench did not finish:\n${output}`);
  }
  return Number(text);
}
