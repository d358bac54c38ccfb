/** What was measured where, in one paragraph. */
export function conditions({ date, command, machine, rounds }) {
  const { cores, cpu, memoryGb, platform, node, postgres, mariadb, pgloader, commit } = machine;
  return `Measured on ${date.slice(0, 10)} by \`${command}\`${commit === undefined ? '' : ` at commit ${commit}`}: ${cores} cores (${cpu}), ${memoryGb} GB, ${platform}; Node ${node.slice(1)};
PostgreSQL ${postgres.server_version} with shared_buffers ${postgres.shared_buffers}, max_wal_size ${postgres.max_wal_size}, fsync ${postgres.fsync} and synchronous_commit ${postgres.synchronous_commit};
MariaDB ${mariadb}; ${pgloader === undefined ? 'no pgloader is installed here, so it was left out' : `pgloader ${pgloader}`}. ${rounds === 1 ? 'One round' : `${rounds} rounds`}. Both servers ran on the same cores as what was measured.
`;
}
