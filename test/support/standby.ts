import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where Debian's packages put the programs of each version; elsewhere they are on the PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** A PostgreSQL server and its streaming standby, both made for one test file. */
export interface Replicated {
  primaryUrl: string;
  standbyUrl: string;
  stopStandby(mode: 'fast' | 'immediate'): Promise<void>;
  startStandby(): Promise<void>;
  close(): Promise<void>;
}

/** Makes both from the installed programs of PostgreSQL; they answer when it resolves. */
export async function startReplicated(): Promise<Replicated> {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-standby-'));
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    await run('chown', ['postgres', folder]);
    chmodSync(folder, 0o755);
  }
  const shell = (command: string) =>
    isRoot ? run('su', ['postgres', '-s', '/bin/bash', '-c', command]) : run('/bin/bash', ['-c', command]);
  const program = (name: string) => `'${programPath(name)}'`;
  const [primaryPort, standbyPort] = [await freePort(), await freePort()];

  const start = async (name: string, port: number): Promise<void> => {
    const options = [
      `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}`,
      // A conflict ends the standby's statement at once, so that a test need not wait for it.
      '-c fsync=off -c max_standby_streaming_delay=0',
    ].join(' ');
    try {
      // The server inherits the output: as a pipe it would keep this waiting.
      await shell(
        `${program('pg_ctl')} -D '${folder}/${name}' -w -l '${folder}/${name}.log' -o '${options}' start >/dev/null 2>&1`,
      );
    } catch {
      throw new Error(`PostgreSQL did not start:\n${readFileSync(`${folder}/${name}.log`, 'utf8')}`);
    }
  };
  const stop = async (name: string, mode: string): Promise<void> => {
    await shell(`${program('pg_ctl')} -D '${folder}/${name}' -w -m ${mode} stop >/dev/null`);
  };

  await shell(
    `${program('initdb')} -D '${folder}/primary' -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null`,
  );
  await start('primary', primaryPort);
  await shell(
    `${program('pg_basebackup')} -h 127.0.0.1 -p ${primaryPort} -U postgres -D '${folder}/standby' -R -c fast -N`,
  );
  await start('standby', standbyPort);
  return {
    primaryUrl: `postgres://postgres@127.0.0.1:${primaryPort}/postgres`,
    standbyUrl: `postgres://postgres@127.0.0.1:${standbyPort}/postgres`,
    stopStandby: (mode) => stop('standby', mode),
    startStandby: () => start('standby', standbyPort),
    close: async () => {
      // A test that has failed can leave the standby stopped.
      await stop('standby', 'immediate').catch(() => undefined);
      await stop('primary', 'immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function programPath(name: string): string {
  try {
    const [newest] = readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a));
    return newest === undefined ? name : join(DEBIAN, newest, 'bin', name);
  } catch {
    return name;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
