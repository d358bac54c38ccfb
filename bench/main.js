import { compare } from './comparison.js';
import { conditions } from './conditions.js';
import { loadData } from './data.js';
import { measureGrowth } from './growth.js';
import { describeMachine } from './machine.js';
import { readOptions } from './options.js';
import { createPeerSchema } from './peers/schema.js';
import { createSubmitFunction } from './peers/submit.js';
import { createDatabase, dropDatabase, takeOrStartPostgres } from './postgres.js';
import { publish } from './publish.js';
import { home } from './scenarios/home.js';
import { page } from './scenarios/page.js';
import { rank } from './scenarios/rank.js';
import { submit } from './scenarios/submit.js';
import { startServers } from './servers.js';
import { measureStarts } from './start-time.js';
import { toTables } from './tables.js';
import { measureUpserts } from './writes.js';

/** The smallest season measured; each further one has ten times as many standings. */
const SMALLEST = 10_000;

/** Reads first: submissions change what is read. */
const SCENARIOS = [page, rank, home, submit];

/** Loads, measures and reports. */
export async function main(args) {
  const options = readOptions(args);
  const postgres = await takeOrStartPostgres(options.postgres);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    // A server that was started for the run is a daemon, which outlives this process.
    process.once(signal, () => {
      postgres.stop();
      process.exit(1);
    });
  }
  try {
    const report = {
      date: new Date().toISOString(),
      command: commandOf(options),
      machine: await describeMachine(postgres.url),
      players: options.players,
      rounds: options.rounds,
      seconds: options.seconds,
      ...(await measure(postgres.url, options)),
    };
    publish(options, 'bench', report, conditions(report), toTables(report));
  } finally {
    postgres.stop();
  }
}

/** What to type for the same measurement; on which server and where to the figures went is another matter. */
function commandOf({ players, rounds, seconds, growth }) {
  const flags = [`--players ${players}`, `--rounds ${rounds}`, `--seconds ${seconds}`, ...(growth ? ['--growth'] : [])];
  return `npm run bench -- ${flags.join(' ')}`;
}

async function measure(postgresUrl, options) {
  const databases = [];
  try {
    for (const players of sizesUpTo(options.players)) {
      databases.push(await prepareDatabase(postgresUrl, players));
    }
    console.log('Measuring how reads and submissions grow …');
    const growth = await measureGrowth(databases, options);
    const sizes = databases.map(({ players }) => players);
    return { sizes, growth, ...(options.growth ? {} : await measureServers(databases.at(-1), options)) };
  } finally {
    for (const { name } of databases) {
      await dropDatabase(postgresUrl, name);
    }
  }
}

/** 10,000, 100,000 and so on, and last `players`. */
function sizesUpTo(players) {
  const sizes = [];
  for (let size = SMALLEST; size < players; size *= 10) {
    sizes.push(size);
  }
  return [...sizes, players];
}

async function prepareDatabase(postgresUrl, players) {
  const before = performance.now();
  const name = `bench_laurel_${players}`;
  const url = await createDatabase(postgresUrl, name);
  const loaded = await loadData(url, players);
  await createPeerSchema(url);
  const seconds = ((performance.now() - before) / 1000).toFixed(0);
  console.log(`${players.toLocaleString('en')} standings loaded in ${seconds} s`);
  return { name, url, players, ...loaded };
}

async function measureServers(database, options) {
  await createSubmitFunction(database.url, database.players);
  const servers = await startServers(database.url);
  const memory = Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, [server.memoryMb()]]));
  const comparisons = [];
  try {
    for (const scenario of SCENARIOS) {
      console.log(`Measuring ${scenario.title} …`);
      comparisons.push(await compare(scenario, servers, database, options));
      for (const [name, server] of Object.entries(servers)) {
        memory[name].push(server.memoryMb());
      }
    }
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
  console.log('Measuring what the ranks cost a write …');
  const upserts = await measureUpserts(database, options);
  console.log('Measuring starts …');
  return { comparisons, memory, upserts, starts: await measureStarts(database.url) };
}
