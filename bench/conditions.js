/** What was measured where, in one paragraph. */
export function conditions({ date, command, machine, players, rounds, seconds }) {
  const { cores, cpu, memoryGb, platform, node, postgres, peers, commit } = machine;
  return `Measured on ${date.slice(0, 10)} by \`${command}\`${commit === undefined ? '' : ` at commit ${commit}`}: ${cores} cores (${cpu}), ${memoryGb} GB, ${platform}; Node ${node.slice(1)};
PostgreSQL ${postgres.server_version} with shared_buffers ${postgres.shared_buffers}, max_wal_size ${postgres.max_wal_size}, fsync ${postgres.fsync} and synchronous_commit ${postgres.synchronous_commit};
PostGraphile ${peers.postgraphile}, Mercurius ${peers.mercurius}. ${players.toLocaleString('en')} standings, ${rounds} rounds of ${seconds} s. The load generator (autocannon
${peers.autocannon}, 16 connections) and PostgreSQL ran on the same cores as the servers.
`;
}
