import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, dropDatabase, withClient } from '../postgres.js';
import { dropGame, loadGame, writeScoresFile } from './data.js';
import { WAYS } from './ways.js';

const DATABASE = 'bench_laurel_transfer';

/**
 * Moves so many scores in each of the ways, round by round, each time into a fresh, empty database.
 * @param names of the ways
 * @returns {Promise<{ rows: number, ways: Record<string, { rows: number, runs: object[] }> }>} per way the figures of
 *   each round
 */
export async function measureSize({ mysql, postgres }, rows, rounds, names) {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-bench-transfer-'));
  try {
    const file = join(folder, 'scores.tsv');
    console.log(`Loading ${rows.toLocaleString('en')} scores …`);
    const place = { mysql: await loadGame(mysql, DATABASE, rows), folder, file };
    await writeScoresFile(place.mysql, file);
    const ways = Object.fromEntries(names.map((name) => [name, { rows: rowsOf(name, rows), runs: [] }]));
    for (let round = 0; round < rounds; round++) {
      for (const name of takingTurns(names, round)) {
        console.log(`Round ${round + 1}: ${WAYS[name].title} …`);
        ways[name].runs.push(await moveFresh(postgres, WAYS[name], { ...place, rows: ways[name].rows }));
      }
    }
    return { rows, ways };
  } finally {
    await dropGame(mysql, DATABASE);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each round begins with another way. */
function takingTurns(names, round) {
  const first = round % names.length;
  return [...names.slice(first), ...names.slice(0, first)];
}

function rowsOf(name, rows) {
  return Math.min(rows, WAYS[name].most ?? rows);
}

async function moveFresh(postgres, way, place) {
  const url = await createDatabase(postgres, DATABASE);
  try {
    // What the run before has left to be written is not to be paid by this one.
    await withClient(postgres, (client) => client.query('checkpoint'));
    return await way.move({ ...place, postgres: url });
  } finally {
    await dropDatabase(postgres, DATABASE);
  }
}
