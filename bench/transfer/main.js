/** `npm run bench:transfer`: how fast rows move from MariaDB to PostgreSQL, beside the limit and the peers. */
import { describeMachine } from '../machine.js';
import { takeOrStartPostgres } from '../postgres.js';
import { publish } from '../publish.js';
import { conditions } from './conditions.js';
import { takeOrStartMariadb, withMariadb } from './mariadb.js';
import { measureSize } from './measure.js';
import { readOptions } from './options.js';
import { pgloaderVersion } from './pgloader.js';
import { toTables } from './tables.js';
import { WAYS } from './ways.js';

const options = readOptions(process.argv.slice(2));
const servers = [];
const stopAll = async () => {
  for (const server of servers) {
    await server.stop();
  }
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  // Servers that were started for the run outlive this process.
  process.once(signal, () => void stopAll().finally(() => process.exit(1)));
}
try {
  const postgres = await takeOrStartPostgres(options.postgres);
  servers.push(postgres);
  const mariadb = await takeOrStartMariadb(options.mysql);
  servers.push(mariadb);
  const report = await measure(mariadb.url, postgres.url);
  publish(options, 'bench:transfer', report, conditions(report), toTables(report));
} finally {
  await stopAll();
}

async function measure(mysql, postgres) {
  const { sizes, rounds } = options;
  const pgloader = pgloaderVersion();
  if (pgloader === undefined) {
    console.log('pgloader is not installed, and is left out.');
  }
  const names = Object.keys(WAYS).filter((name) => name !== 'pgloader' || pgloader !== undefined);
  const machine = { ...(await describeMachine(postgres)), mariadb: await mariadbVersion(mysql), pgloader };
  const measured = [];
  for (const rows of sizes) {
    measured.push(await measureSize({ mysql, postgres }, rows, rounds, names));
  }
  return {
    date: new Date().toISOString(),
    // What to type for the same measurement; on which servers and where to the figures went is another matter.
    command: `npm run bench:transfer -- --rows ${sizes.join(',')} --rounds ${rounds}`,
    machine,
    rounds,
    sizes: measured,
  };
}

async function mariadbVersion(url) {
  return withMariadb(url, async (connection) => {
    const [[row]] = await connection.query('select version() as version');
    return row.version.split('-')[0];
  });
}
