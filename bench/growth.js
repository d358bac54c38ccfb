import { userIdSql } from './ids.js';
import { runPgbench } from './pgbench.js';
import { growingReads } from './scenarios/reads.js';
import { submit } from './scenarios/submit.js';
import { toTransactions } from './transaction.js';

const MAX_SECONDS = 5;

/**
 * How long reads and a submission take in SQL, for seasons of several sizes: with one connection, so that it is the
 * time of the statements that counts. Sizes take turns within each round. Of reads, only what is about standings is
 * timed, as beside it there is the lookup of the board that is the same for all.
 * @param {object[]} databases as main.js has loaded them, smallest first
 * @returns {Promise<{ name: string, title: string, milliseconds: number[][] }[]>} per case, for each database, of each
 *   round
 */
export async function measureGrowth(databases, { rounds, seconds }) {
  const length = Math.min(seconds, MAX_SECONDS);
  const perDatabase = [];
  for (const database of databases) {
    perDatabase.push(await casesOf(database));
  }
  const times = perDatabase.map((cases) => cases.map(() => []));
  // The round before the first is for warming up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [place, cases] of perDatabase.entries()) {
      for (const [index, { transaction }] of cases.entries()) {
        const { milliseconds } = await runPgbench(databases[place].url, transaction, { clients: 1, seconds: length });
        if (round > 0) {
          times[place][index].push(milliseconds);
        }
      }
    }
  }
  return perDatabase[0].map(({ name, title }, index) => ({
    name,
    title,
    milliseconds: times.map((cases) => cases[index]),
  }));
}

async function casesOf({ url, players, season, crowd }) {
  const reads = growingReads(players, crowd);
  const [submission] = await toTransactions(url, [submit], players);
  const transactions = await toTransactions(url, reads, players, aboutStandings);
  return [
    { name: 'key', title: 'a standing by its primary key', transaction: readByKey(season, players) },
    ...reads.map(({ name, title }, index) => ({ name, title, transaction: transactions[index] })),
    { name: 'submit', title: 'submitScore, the whole transaction', transaction: submission },
  ];
}

const aboutStandings = ({ text }) => /standing/.test(text);

/** What everything else is measured by. */
function readByKey(season, players) {
  const text = `select score, achieved_at from standings where season_id = :season and user_id = ${userIdSql(':n')}`;
  return { script: `\\set n random(1, ${players})\n${text}\n;\n`, constants: { season } };
}
