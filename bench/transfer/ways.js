import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { laurelCommand, TOKEN_SECRET } from '../laurel.js';
import { postgresProgram, withClient } from '../postgres.js';
import { movePgloader } from './pgloader.js';
import { runProgram } from './process.js';
import { ROW_BY_ROW_ROWS, moveRowByRow } from './row-by-row.js';

/** The table of the scores as Laurel makes it, without its keys. */
const SCORES = `create table scores (id integer not null, user_id integer not null, score integer not null,
  created_at timestamptz not null default current_timestamp)`;

/**
 * What is measured. Each moves the scores of `place.mysql` into the empty database `place.postgres`, and gives
 * `{ copySeconds, seconds, peakMb, samplesMb }`; what it cannot tell is left out.
 */
export const WAYS = {
  psql: { title: 'psql \\copy of a ready file, no keys', move: copyFile },
  laurel: { title: 'laurel import mysql --tables scores', move: moveTable },
  pgloader: { title: 'pgloader, with keys and indexes', move: movePgloader },
  rowByRow: {
    title: `row by row, one transaction, at most ${ROW_BY_ROW_ROWS.toLocaleString('en')} rows`,
    move: moveRowByRow,
    most: ROW_BY_ROW_ROWS,
  },
  game: { title: "laurel import mysql, into Laurel's tables", move: moveGame },
};

async function copyFile({ postgres, file }) {
  await withClient(postgres, (client) => client.query(SCORES));
  const words = ['--no-psqlrc', '--quiet', '-v', 'ON_ERROR_STOP=1', '-d', postgres];
  const { output, seconds, peakMb, samplesMb } = await runProgram(postgresProgram('psql'), [
    ...words,
    '-c',
    '\\timing on',
    '-c',
    `\\copy scores from '${file}'`,
  ]);
  const milliseconds = /Time: ([\d.]+) ms/.exec(output)?.[1];
  return { copySeconds: Number(milliseconds) / 1000, seconds, peakMb, samplesMb };
}

function moveTable(place) {
  return runImport(place, ['--tables', 'scores']);
}

async function moveGame(place) {
  const { command, args } = laurelCommand('migrate', 'upgrade');
  await runProgram(command, args, settings(place));
  return runImport(place, []);
}

/** Runs the command as its user does. @throws Error where its own proof does not hold */
async function runImport(place, words) {
  const report = join(place.folder, `report-${process.hrtime.bigint()}.json`);
  const { command, args } = laurelCommand(
    'import',
    'mysql',
    '--from',
    place.mysql,
    '--source-time-zone',
    'UTC',
    '--report',
    report,
    ...words,
  );
  const { seconds, peakMb, samplesMb } = await runProgram(command, args, settings(place));
  const { tables } = JSON.parse(readFileSync(report, 'utf8'));
  const { written, copySeconds } = tables.find(({ table }) => table === 'scores');
  if (written !== place.rows) {
    throw new Error(`Laurel moved ${written} rows of ${place.rows}.`);
  }
  return { copySeconds, seconds, peakMb, samplesMb };
}

function settings({ postgres, folder }) {
  return { NODE_ENV: 'production', TOKEN_SECRET, DATABASE_URL: postgres, DATA_DIR: folder };
}
