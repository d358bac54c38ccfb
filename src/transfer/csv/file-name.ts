const EXTENSION = '.csv';

/** The name of a table's file; what some file system does not take in a name is encoded as in a URL. */
export function fileNameOf(table: string): string {
  return `${encode(table)}${EXTENSION}`;
}

/** The table that a file is of, going by its name. */
export function tableNameOf(file: string): string {
  const name = file.replace(/\.(csv|tsv|txt)$/i, '');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Names of files for tables, different where case does not count either. */
export function fileNamesOf(tables: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map(
    tables.map((table) => {
      let file = fileNameOf(table);
      for (let count = 2; taken.has(file.toLowerCase()); count++) {
        file = `${encode(table)}-${count}${EXTENSION}`;
      }
      taken.add(file.toLowerCase());
      return [table, file];
    }),
  );
}

function encode(name: string): string {
  return name.replaceAll(/[\p{Cc}<>:"/\\|?*%]|^\.|[. ]$/gu, (character) =>
    Buffer.from(character).reduce((text, byte) => `${text}%${byte.toString(16).toUpperCase().padStart(2, '0')}`, ''),
  );
}
