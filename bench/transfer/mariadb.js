import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { freePort } from '../postgres.js';

const PATIENCE_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 200;

/**
 * The MariaDB server of this run: the one at `url`, else one that is started from the installed binaries, with the
 * settings that it is installed with.
 * @returns {Promise<{ url: string, stop(): Promise<void> }>} `url` names no database
 */
export async function takeOrStartMariadb(url) {
  return url === undefined ? startMariadb() : { url, stop: () => Promise.resolve() };
}

async function startMariadb() {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-bench-mariadb-'));
  const data = join(folder, 'data');
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['--user=mysql'] : [];
  if (isRoot) {
    // MariaDB refuses to run as root: then it runs as the user that its package has made.
    const number = (flag) => Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);
    chownSync(folder, number('-u'), number('-g'));
  }
  const install = ['--no-defaults', ...user, `--datadir=${data}`, '--skip-test-db'];
  execFileSync('mariadb-install-db', [...install, '--auth-root-authentication-method=normal'], { stdio: 'ignore' });
  const port = await freePort();
  const server = existsSync('/usr/sbin/mariadbd') ? '/usr/sbin/mariadbd' : 'mariadbd';
  const settings = ['--bind-address=127.0.0.1', '--skip-name-resolve', `--socket=${join(folder, 'socket')}`];
  const child = spawn(server, ['--no-defaults', ...user, `--datadir=${data}`, `--port=${port}`, ...settings], {
    stdio: 'ignore',
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `mysql://root@127.0.0.1:${port}`;
  try {
    await answering(url, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** @throws Error where the server has ended, or does not answer in time */
async function answering(url, child) {
  const end = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    try {
      await withMariadb(url, (connection) => connection.ping());
      return;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > end) {
        throw error;
      }
    }
    await sleep(POLL_MILLISECONDS);
  }
}

/** Runs `work` on a connection of its own. */
export async function withMariadb(url, work) {
  const connection = await createConnection({ uri: url });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}
