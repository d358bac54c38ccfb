const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The beginning of a table's rows in a script of pg_dump: its name, unquoted and without a schema, and its columns. */
export function copyHeader(line: string): { table: string; columns: string[] } | undefined {
  const found = /^COPY (?:(?:\w+|"(?:[^"]|"")*")\.)?(\w+|"(?:[^"]|"")*") \((.*)\) FROM stdin;$/.exec(line);
  if (found === null) {
    return undefined;
  }
  return { table: unquoted(found[1]!), columns: found[2]!.split(', ').map(unquoted) };
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** A row of COPY's text format by its columns; null for NULL. */
export function copyRow(columns: readonly string[], line: string): Record<string, string | null> {
  const values = line.split('\t');
  return Object.fromEntries(
    columns.map((column, index) => {
      const value = values[index] ?? '\\N';
      return [
        column,
        value === '\\N' ? null : value.replaceAll(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter),
      ];
    }),
  );
}
