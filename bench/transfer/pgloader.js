import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './process.js';

/** The installed pgloader's version; undefined where there is none. */
export function pgloaderVersion() {
  const { status, stdout } = spawnSync('pgloader', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /version "([^"]+)"/.exec(stdout)?.[1] : undefined;
}

/** Moves the scores with pgloader: the table with its keys and indexes made. Its rows go into a fresh, empty database. */
export async function movePgloader({ mysql, postgres, folder, rows }) {
  const script = join(folder, 'scores.load');
  writeFileSync(script, loadScript(mysql, postgres));
  const { output, seconds, peakMb, samplesMb } = await runProgram('pgloader', ['--no-ssl-cert-verification', script]);
  const summary = readSummary(output);
  if (summary.errors > 0 || summary.rows !== rows) {
    throw new Error(`pgloader moved ${summary.rows} rows of ${rows}, with ${summary.errors} errors:\n${output}`);
  }
  return { copySeconds: summary.seconds, seconds, peakMb, samplesMb };
}

function loadScript(mysql, postgres) {
  return `load database from ${mysql} into ${postgres}
 with include drop, create tables, create indexes, reset sequences, foreign keys
 including only table names matching 'scores'
 alter schema '${new URL(mysql).pathname.slice(1)}' rename to 'public';
`;
}

/**
 * What the summary of pgloader says of the table: `public.scores   0   1000000   27.5 MB   5.882s`. Long times are
 * in minutes and seconds, such as `1m2.5s`.
 */
export function readSummary(output) {
  const line = output.split('\n').find((each) => /\.scores"?\s/.test(each) || /^\s*scores\s/.test(each));
  const [, errors, rows, time] =
    /\s(\d+)\s+(\d+)\s+(?:[\d.]+ [kMG]?B\s+)?((?:\d+h)?(?:\d+m)?[\d.]+s)/.exec(line ?? '') ?? [];
  if (time === undefined) {
    throw new Error(`pgloader's summary cannot be read:\n${output}`);
  }
  const [, hours = 0, minutes = 0, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?([\d.]+)s$/.exec(time);
  return { errors: Number(errors), rows: Number(rows), seconds: hours * 3600 + minutes * 60 + Number(seconds) };
}
