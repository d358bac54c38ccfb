/**
 * A server in production mode where there is no PostgreSQL: everything that `laurel serve` starts but the database, which
 * is a migrated one in memory. Says `ready at http://…`, and runs the SQL that its parent sends.
 */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { MikroORM } from '@mikro-orm/pglite';

const built = (path) => import(pathToFileURL(join(process.env.LAUREL_TEST_DIST, 'src', path)).href);

const { loadConfig } = await built('config.js');
const { parsers } = await built('database/embedded-parsers.js');
const { ormOptions } = await built('database/options.js');
const { Jobs } = await built('jobs/jobs.js');
const { jobKinds } = await built('jobs/kinds.js');
const { createLog } = await built('log.js');
const { createMailer } = await built('mail/mailer.js');
const { createServer } = await built('server.js');

const settings = loadConfig({ ...process.env, DATABASE_URL: 'postgres://127.0.0.1/none' });
const config = { ...settings, databaseUrl: undefined, tokenKey: Buffer.from(settings.tokenSecret) };
const log = createLog(config.logLevel);

const client = await PGlite.create({ loadDataDir: new Blob([readFileSync(process.env.LAUREL_TEST_DUMP)]), parsers });
const orm = await MikroORM.init({ ...ormOptions, driverOptions: { pglite: () => client } });
const database = {
  orm,
  embedded: true,
  run: async (text, values) =>
    values.length > 0
      ? client.query(text, [...values])
      : { rows: (await client.exec(text)).flatMap(({ rows }) => rows) },
  close: () => orm.close(),
};

const mailer = createMailer(config, log);
const kinds = jobKinds(config, mailer);
const jobs = await Jobs.open(database, undefined, kinds, log);
await jobs.work(orm.em, kinds);
const { http } = await createServer(database, config, log, undefined, undefined, mailer && jobs);

process.on('message', ({ id, text, values }) => {
  client.query(text, values).then(
    ({ rows }) => process.send({ id, rows }),
    (error) => process.send({ id, error: error.message }),
  );
});
process.stdout.write(`ready at ${await http.listen({ port: config.port, host: config.host })}\n`);
