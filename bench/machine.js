import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { ROOT } from './laurel.js';
import { withClient } from './postgres.js';
import peers from './package.json' with { type: 'json' };

/** What the figures depend on besides the programs. */
export async function describeMachine(url) {
  const postgres = await withClient(url, async (client) => {
    const { rows } = await client.query(
      `select name, current_setting(name) as value from unnest(array['server_version', 'shared_buffers', 'fsync',
        'synchronous_commit', 'max_wal_size']) name`,
    );
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  });
  const { autocannon, mercurius, postgraphile } = peers.dependencies;
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()}-${arch()}`,
    node: process.version,
    postgres,
    peers: { autocannon, mercurius, postgraphile },
    commit: commit(),
  };
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
