import { readFileSync, writeFileSync } from 'node:fs';
import { toTables } from './tables.js';

const BEGIN = '<!-- bench:transfer: written by npm run bench:transfer -- --markdown -->';
const END = '<!-- bench:transfer: end -->';

/** Prints all tables of a report, and what was measured where. */
export function printReport(report) {
  for (const { title, head, rows } of toTables(report)) {
    console.log(`\n${title}\n`);
    for (const line of aligned([head, ...rows])) {
      console.log(`  ${line}`);
    }
  }
  console.log(`\n${conditions(report)}`);
}

/** Writes the figures of a report, round by round. */
export function writeJson(file, report) {
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

/**
 * Writes the tables of a report into a document, in the place of those between its markers.
 * @throws Error where the document has no markers
 */
export function writeMarkdown(file, report) {
  const document = readFileSync(file, 'utf8');
  const [before, rest] = document.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (after === undefined) {
    throw new Error(`${file} has no place for the tables: it needs the lines ${BEGIN} and ${END}.`);
  }
  writeFileSync(file, `${before}${BEGIN}\n\n${toMarkdown(report)}\n${END}${after}`);
}

function toMarkdown(report) {
  const tables = toTables(report).map(({ title, head, rows }) => {
    const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
    return `**${title}**\n\n${[head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
  });
  return [conditions(report), ...tables].join('\n');
}

/** What was measured where, in one paragraph. */
function conditions({ date, command, machine, rounds }) {
  const { cores, cpu, memoryGb, platform, node, postgres, mariadb, pgloader, commit } = machine;
  return `Measured on ${date.slice(0, 10)} by \`${command}\`${commit === undefined ? '' : ` at commit ${commit}`}: ${cores} cores (${cpu}), ${memoryGb} GB, ${platform}; Node ${node.slice(1)};
PostgreSQL ${postgres.server_version} with shared_buffers ${postgres.shared_buffers}, max_wal_size ${postgres.max_wal_size}, fsync ${postgres.fsync} and synchronous_commit ${postgres.synchronous_commit};
MariaDB ${mariadb}; ${pgloader === undefined ? 'no pgloader is installed here, so it was left out' : `pgloader ${pgloader}`}. ${rounds === 1 ? 'One round' : `${rounds} rounds`}. Both servers ran on the same cores as what was measured.
`;
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}
