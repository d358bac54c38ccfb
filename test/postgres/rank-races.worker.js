import 'reflect-metadata';
import { once } from 'node:events';
import { openDatabase } from '../../dist/src/database/database.js';
import { query, sql } from '../../dist/src/database/query.js';
import { submitScores } from '../../dist/src/leaderboard/submission.service.js';

/*
 * One of the processes of rank-races.test.ts, from the build: a server and an operator who write what they like,
 * on as many connections at once as `lanes` says.
 */

/**
 * @typedef {object} Task
 * @property {string} url of the database
 * @property {number} seed of everything that is drawn
 * @property {number} lanes
 * @property {string[]} slugs of the boards
 * @property {string[]} stayers players who are never deleted: those of the batches
 * @property {string[]} movers players who are deleted and restored meanwhile
 * @property {boolean} reversed whether batches go through the players from the end
 * @property {number} batches of BATCH submissions
 * @property {number} singles submissions one by one
 */

const BATCH = 100;

/** @type {[Task]} */
const [task] = await once(process, 'message');
const database = await openDatabase({ databaseUrl: task.url, databasePoolSize: task.lanes, dataDir: '' });
const report = { submitted: 0, refused: 0, errors: [] };
const work = { batches: task.batches, singles: task.singles };
await Promise.all(
  Array.from({ length: task.lanes }, (_, lane) => runLane(database.orm.em, makeRandom(task.seed + lane))),
);
await database.close();
process.send(report, () => process.disconnect());

async function runLane(em, random) {
  const singlesToABatch = Math.ceil(task.singles / task.batches);
  while (work.batches > 0) {
    work.batches -= 1;
    const batch = drawBatch(random);
    await attempt(async () => {
      await submitScores(em, batch);
      report.submitted += batch.length;
    });
    for (let index = 0; index < singlesToABatch && work.singles > 0; index += 1) {
      work.singles -= 1;
      const everybody = random(2) === 0 ? task.stayers : task.movers;
      const submission = drawSubmission(random, everybody[random(everybody.length)]);
      await attempt(async () => {
        await submitScores(em, [submission]);
        report.submitted += 1;
      });
      if (index % 4 === 0) {
        await attempt(() => correctByHand(em, random));
      }
    }
  }
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    // The player is deleted just now.
    if (error.code === 'NOT_FOUND') {
      report.refused += 1;
      return;
    }
    report.errors.push(String(error));
  }
}

/** Neighbours in the order of players, so that batches meet; every other board the other way. */
function drawBatch(random) {
  const start = random(task.stayers.length - BATCH);
  const players = task.stayers.slice(start, start + BATCH);
  if (task.reversed) {
    players.reverse();
  }
  return players.map((userId) => drawSubmission(random, userId));
}

function drawSubmission(random, userId) {
  const { slugs } = task;
  return {
    userId,
    slug: slugs[random(slugs.length)],
    score: drawScore(random),
    idempotencyKey: null,
    field: 'input',
  };
}

/** Mostly equal or next to it, on both sides of zero; some far away. */
function drawScore(random) {
  if (random(20) === 0) {
    return (random(2) === 0 ? -1 : 1) * 128 ** (1 + random(5)) + random(3) - 1;
  }
  return random(3) === 0 ? random(9) - 4 : 1;
}

/** One row's score or time, or the row itself; or players who leave or come back. */
async function correctByHand(em, random) {
  const { slugs, movers, stayers } = task;
  const everybody = random(2) === 0 ? stayers : movers;
  const userId = everybody[random(everybody.length)];
  const season = sql`(select s.id from seasons s join leaderboards l on l.id = s.leaderboard_id
    where l.slug = ${slugs[random(slugs.length)]} limit 1)`;
  const choice = random(5);
  if (choice === 0) {
    await query(
      em,
      sql`update standings set score = ${drawScore(random)}::bigint
      where season_id = ${season} and user_id = ${userId}`,
    );
  } else if (choice === 1) {
    await query(
      em,
      sql`update standings set achieved_at = now() - ${random(9999)} * interval '1 second'
      where season_id = ${season} and user_id = ${userId}`,
    );
  } else if (choice === 2) {
    await query(em, sql`delete from standings where season_id = ${season} and user_id = ${userId}`);
  } else {
    // Several at once, in the order of their ids, as everybody locks players.
    const ids = Array.from({ length: 1 + random(4) }, () => movers[random(movers.length)]);
    await query(
      em,
      sql`update users set deleted_at = case when deleted_at is null then now() end
      where id in (select id from users where id = any(${ids}::uuid[]) order by id for update)`,
    );
  }
}

/** A linear congruential generator (Numerical Recipes): the same seed draws the same. */
function makeRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
