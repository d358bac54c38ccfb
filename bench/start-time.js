import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './laurel.js';
import { freePort } from './postgres.js';
import { firstAnswer } from './servers.js';

/**
 * Seconds from `npm start`, which builds first, to the first answer.
 * @param {string} url of a migrated database
 */
export async function measureStarts(url) {
  const dataDir = mkdtempSync(join(tmpdir(), 'laurel-bench-'));
  try {
    return [
      { title: 'the embedded database, first start with the demo data', seconds: await start({ DATA_DIR: dataDir }) },
      { title: 'the embedded database, second start', seconds: await start({ DATA_DIR: dataDir }) },
      { title: 'PostgreSQL', seconds: await start({ DATA_DIR: dataDir, DATABASE_URL: url }) },
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function start(settings) {
  const port = await freePort();
  const before = performance.now();
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: '', NODE_ENV: '', ...settings, PORT: String(port), LOG_LEVEL: 'warn' },
    stdio: 'ignore',
    shell: process.platform === 'win32',
    // A group of its own, so that what npm has started can be stopped with it.
    detached: true,
  });
  try {
    await firstAnswer(`http://127.0.0.1:${port}/graphql`, child);
    return (performance.now() - before) / 1000;
  } finally {
    await stopGroup(child);
  }
}

async function stopGroup(child) {
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(child.pid), '/t', '/f']);
  } else {
    process.kill(-child.pid, 'SIGINT');
  }
  await ended;
}
