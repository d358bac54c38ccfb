import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

const run = promisify(execFile);

/** A server of one test's own, which may be killed. */
export interface OwnServer {
  /** Without a database. */
  url: string;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** As a power cut does it: nothing is told anybody, nothing is written any more. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** A PostgreSQL server of one test's own. */
export interface OwnPostgres extends OwnServer {
  /** As an operator stops it: `fast` ends every connection and writes all, `immediate` leaves it to the next start. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

/** A port of this machine that nobody uses. */
export { freePort };

/** From the installed programs, which .ci/run finds as well. */
export async function ownMariadb(): Promise<OwnServer> {
  const folder = ownFolder('mysql');
  const port = await freePort();
  const data = join(folder, 'data');
  const user = isRoot() ? ['--user=mysql'] : [];
  await run('mariadb-install-db', [
    '--no-defaults',
    ...user,
    `--datadir=${data}`,
    '--skip-test-db',
    '--auth-root-authentication-method=normal',
  ]);
  let server: ChildProcess;
  const url = `mysql://root@127.0.0.1:${port}`;
  const start = async (): Promise<void> => {
    server = spawn(
      '/usr/sbin/mariadbd',
      [
        '--no-defaults',
        ...user,
        `--datadir=${data}`,
        `--socket=${folder}/socket`,
        `--pid-file=${folder}/pid`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
      ],
      { stdio: 'ignore' },
    );
    await untilAnswers(async () => {
      const connection = await createConnection(url);
      await connection.end();
    });
  };
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => {
      server.once('exit', resolve);
    });
    server.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    url,
    start,
    kill,
    close: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        await kill();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Likewise.
 * @param disk a folder for its data, and what of that is to lie in it
 */
export async function ownPostgres(disk?: { folder: string; holds: 'tables' | 'everything' }): Promise<OwnPostgres> {
  const folder = ownFolder('postgres');
  const port = await freePort();
  const data = join(disk?.folder ?? folder, 'data');
  // Segments of a megabyte: the next one is soon needed.
  const logs = { tables: `-X '${join(folder, 'wal')}'`, everything: '--wal-segsize=1' };
  const log = disk === undefined ? '' : logs[disk.holds];
  // It refuses to run as root.
  const shell = (command: string) =>
    isRoot() ? run('su', ['postgres', '-s', '/bin/bash', '-c', command]) : run('/bin/bash', ['-c', command]);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await shell(`'${program('initdb')}' -D '${data}' ${log} -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null`);
  let postmaster: string | undefined;
  const start = async (): Promise<void> => {
    await shell(
      `'${program('pg_ctl')}' -D '${data}' -w -l '${folder}/log' -o '-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}' restart >/dev/null 2>&1`,
    );
    postmaster = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]!;
    await untilAnswers(async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.end();
    });
  };
  const kill = async (): Promise<void> => {
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', postmaster!]);
    const all = [postmaster!, ...stdout.split('\n')].map(Number).filter((pid) => pid > 0);
    postmaster = undefined;
    for (const pid of all) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Ended meanwhile.
      }
    }
    await untilAnswers(() => (all.some(isAlive) ? Promise.reject(new Error('still there')) : Promise.resolve()));
    // Where nobody buries dead processes, these files seem to be those of a server that runs.
    for (const lock of [join(data, 'postmaster.pid'), join(folder, `.s.PGSQL.${port}.lock`)]) {
      rmSync(lock, { force: true });
    }
  };
  await start();
  return {
    url,
    start,
    kill,
    stop: async (mode) => {
      await shell(`'${program('pg_ctl')}' -D '${data}' -w -m ${mode} stop >/dev/null`);
      postmaster = undefined;
    },
    close: async () => {
      if (postmaster !== undefined) {
        await kill();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function ownFolder(owner: 'mysql' | 'postgres'): string {
  const folder = mkdtempSync(join(tmpdir(), `laurel-${owner}-`));
  chmodSync(folder, 0o777);
  return folder;
}

function program(name: string): string {
  const debian = '/usr/lib/postgresql';
  try {
    const [newest] = readdirSync(debian).toSorted((a, b) => Number(b) - Number(a));
    return join(debian, newest!, 'bin', name);
  } catch {
    return name;
  }
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}

async function untilAnswers(ask: () => Promise<void>): Promise<void> {
  for (let left = 300; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) {
        throw error;
      }
      await sleep(100);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') {
    throw new Error('There is no port.');
  }
  return address.port;
}
