/** Lines that quote rows: what a program says besides the error itself. */
const QUOTES_ROWS = /^(?:psql:\S+\s|pg_\w+: )?\s*(?:DETAIL|CONTEXT|LINE \d+|HINT|QUERY|STATEMENT|Command was):/i;

/** Errors whose text has a value in it. */
const QUOTES_VALUE = /invalid|malformed|out of range|too long|extra data|missing data/i;

/** What a program of PostgreSQL complained of, without what it quotes of rows: no log is the place for them. */
export function readableComplaint(text: string): string {
  return text
    .split('\n')
    .filter((line) => /error|fatal|warning|panic|could not|cannot/i.test(line) && !QUOTES_ROWS.test(line))
    .map((line) => (QUOTES_VALUE.test(line) ? line.replaceAll(/"[^"]*"?/g, '"…"') : line))
    .join('\n')
    .trim();
}
