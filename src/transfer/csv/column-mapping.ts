import { UsageError } from '../../migrate/errors.js';

/** A column of a file, and that of the table which it goes to; null where it is left out. */
export interface MappedColumn {
  from: string;
  to: string | null;
}

/**
 * Reads a list such as `mail=email,name=nickname,notes=`: what columns of the file are called in the table. Without an
 * equals sign the name is the same, with nothing after it the column is left out.
 * @throws UsageError where a column is there twice
 */
export function parseColumnMapping(text: string): MappedColumn[] {
  const columns = text.split(',').map((item) => {
    const [from = '', ...rest] = item.split('=');
    const to = rest.length === 0 ? from : rest.join('=');
    return { from: from.trim(), to: to.trim() || null };
  });
  refuseTwice(columns.map(({ from }) => from));
  refuseTwice(columns.flatMap(({ to }) => to ?? []));
  return columns;
}

/** @throws UsageError where a name is there twice */
export function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UsageError(`The column ${twice} is there twice. Nothing was changed. Say which is meant: --columns`);
  }
}
