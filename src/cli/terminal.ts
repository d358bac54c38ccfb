import { stdout } from 'node:process';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/**
 * Styled on a terminal; plain where NO_COLOR is set, and where the output goes to a file or a pipe.
 * @param stream where the text is going to be written
 */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = stdout): string {
  return styleText(style, text, { stream });
}

/** A cell of a table: its text, and how it looks. */
export type Cell = string | { text: string; style: Style };

/** Rows in aligned columns; blanks at the ends of lines are left out. */
export function aligned(rows: readonly (readonly Cell[])[]): string[] {
  const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const text = textOf(cell);
        const shown = typeof cell === 'string' ? text : styled(cell.style, text);
        return column === row.length - 1 ? shown : shown + ' '.repeat(widths[column]! - text.length);
      })
      .join('  ')
      .trimEnd(),
  );
}
