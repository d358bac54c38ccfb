import { checkAgreement, checkSubmissions } from './agreement.js';
import { loadServer } from './load.js';
import { runPgbench } from './pgbench.js';
import { waitUntilIdle } from './postgres.js';
import { submit } from './scenarios/submit.js';
import { toTransactions } from './transaction.js';

/** Clients of pgbench, where it shows the limit of the database. */
export const PGBENCH_CLIENTS = 8;

/**
 * Measures one scenario on Laurel, the peers and pgbench, one after the other and round by round.
 * @param database what main.js has loaded
 * @param {{ rounds: number, seconds: number }} options
 * @returns requests per second and milliseconds of CPU time a request of each round by name, latencies of the last
 *   round, and how many answers agreed
 */
export async function compare(scenario, servers, database, { rounds, seconds }) {
  const { url, season, players } = database;
  const agreed =
    scenario === submit
      ? await checkSubmissions(servers, url, season, players)
      : await checkAgreement(servers, scenario, players);
  const [transaction] = await toTransactions(url, [scenario], players);
  const runners = {
    ...Object.fromEntries(
      Object.keys(scenario.servers).map((name) => [
        name,
        async (length) => {
          const figures = await loadServer(servers[name], name, scenario, scenario.inputs(players), length);
          // Requests that were under way at the end go on without their client; they must not disturb the next one.
          await waitUntilIdle(url);
          return figures;
        },
      ]),
    ),
    pgbench: async (length) => {
      const { tps, milliseconds } = await runPgbench(url, transaction, { clients: PGBENCH_CLIENTS, seconds: length });
      return { perSecond: tps, p50: milliseconds };
    },
  };
  for (const run of Object.values(runners)) {
    await run(Math.ceil(seconds / 2));
  }
  const figures = Object.fromEntries(Object.keys(runners).map((name) => [name, []]));
  const cpu = Object.fromEntries(Object.keys(scenario.servers).map((name) => [name, []]));
  const latencies = {};
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, run] of inTurn(Object.entries(runners), round)) {
      const measured = await run(seconds);
      figures[name].push(measured.perSecond);
      cpu[name]?.push(measured.cpu);
      latencies[name] = { p50: measured.p50, p99: measured.p99 };
    }
  }
  return { name: scenario.name, title: scenario.title, agreed, perSecond: figures, cpu, latencies };
}

/** Each round another one begins: what one leaves behind, such as rows to be vacuumed, meets not always the same. */
function inTurn(entries, round) {
  const first = (round - 1) % entries.length;
  return [...entries.slice(first), ...entries.slice(0, first)];
}
