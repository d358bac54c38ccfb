import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Prints the tables of a report and what was measured where, and writes both into the files that were asked for.
 * @param files `json`, for the figures round by round; `markdown`, a document with the markers of the script
 * @param script the npm script that measures
 * @param conditions a paragraph on what was measured where
 * @param tables each with a title, a head and rows of texts
 * @throws Error where the document has no markers
 */
export function publish({ json, markdown }, script, report, conditions, tables) {
  print(tables);
  console.log(`\n${conditions}`);
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  if (markdown !== undefined) {
    writeMarkdown(markdown, script, conditions, tables);
  }
}

function print(tables) {
  for (const { title, head, rows } of tables) {
    console.log(`\n${title}\n`);
    for (const line of aligned([head, ...rows])) {
      console.log(`  ${line}`);
    }
  }
}

/** In the place of what is between the markers. */
function writeMarkdown(file, script, conditions, tables) {
  const begin = `<!-- ${script}: written by npm run ${script} -- --markdown -->`;
  const end = `<!-- ${script}: end -->`;
  const document = readFileSync(file, 'utf8');
  const [before, rest] = document.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (after === undefined) {
    throw new Error(`${file} has no place for the tables: it needs the lines ${begin} and ${end}.`);
  }
  writeFileSync(file, `${before}${begin}\n\n${[conditions, ...tables.map(toMarkdown)].join('\n')}\n${end}${after}`);
}

function toMarkdown({ title, head, rows }) {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return `**${title}**\n\n${[head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
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
