import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Where Debian's and Ubuntu's packages keep what is not on the path. */
const DEBIAN = '/usr/lib/postgresql';

const POLL_MILLISECONDS = 50;

/**
 * The PostgreSQL server of this run: the one at `url`, else one that is started from the installed binaries.
 * @returns {Promise<{ url: string, stop(): void }>} `url` is the maintenance database's
 */
export async function takeOrStartPostgres(url) {
  return url === undefined ? startPostgres() : { url, stop: () => undefined };
}

/** The path of one of PostgreSQL's programs. @throws Error where it is not installed */
export function postgresProgram(name) {
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':');
  if (existsSync(DEBIAN)) {
    const versions = readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a));
    folders.unshift(...versions.map((version) => join(DEBIAN, version, 'bin')));
  }
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  const folder = folders.find((candidate) => candidate !== '' && existsSync(join(candidate, file)));
  if (folder === undefined) {
    throw new Error(`${name} of PostgreSQL is not installed. Put its folder on the PATH.`);
  }
  return join(folder, file);
}

async function startPostgres() {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-bench-'));
  const data = join(folder, 'data');
  const owner = unprivilegedOwner();
  if (owner !== undefined) {
    chownSync(folder, owner.uid, owner.gid);
  }
  const run = (name, args) => execFileSync(postgresProgram(name), args, { ...owner, cwd: folder, stdio: 'ignore' });
  run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']);
  const port = await freePort();
  const settings = [
    `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}`,
    // The usual first settings of a server of one's own: a quarter of the memory, and room before a checkpoint.
    `-c shared_buffers=${Math.floor(totalmem() / 4 / 2 ** 20)}MB -c max_wal_size=4GB -c random_page_cost=1.1`,
  ];
  run('pg_ctl', ['-D', data, '-w', '-l', join(folder, 'log'), '-o', settings.join(' '), 'start']);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: () => {
      run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package has made. */
function unprivilegedOwner() {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const number = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: number('-u'), gid: number('-g') };
}

/** A TCP port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The URL of database `name` on the server of `url`. */
export function databaseUrl(url, name) {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Makes an empty database, in the place of one that an interrupted run has left. @returns its URL */
export async function createDatabase(url, name) {
  await dropDatabase(url, name);
  await withClient(url, (client) => client.query(`create database ${name} template template0 encoding 'UTF8'`));
  return databaseUrl(url, name);
}

export async function dropDatabase(url, name) {
  await withClient(url, (client) => client.query(`drop database if exists ${name} with (force)`));
}

/** Waits until no statement runs in a database. */
export async function waitUntilIdle(url) {
  await withClient(url, async (client) => {
    for (;;) {
      const { rowCount } = await client.query(
        `select from pg_stat_activity where datname = current_database() and state <> 'idle'
          and backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      if (rowCount === 0) {
        return;
      }
      await sleep(POLL_MILLISECONDS);
    }
  });
}

/** Runs `work` on a connection of its own. */
export async function withClient(url, work) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
