import type { Column } from '../table.js';

/**
 * Spreadsheets compute what begins so, and a text in a cell may then do anything: send the sheet away, or run a
 * program. An apostrophe before it makes it a text. Texts that begin like a neutralised one get another, so that to
 * take one away gives back every text as it was.
 */
const FORMULA = /^'*[=+\-@\t\r]/;

/** The same as PostgreSQL reads it. */
const FORMULA_SQL = String.raw`E'^''*[=+@\\t\\r-]'`;

const APOSTROPHE = 0x27;
const FORMULA_STARTS = new Set(Buffer.from('=+-@\t\r'));

/** Whether values of a column are texts that a spreadsheet might compute; numbers and times are not. */
export function mayHoldFormulas({ kind }: Pick<Column, 'kind'>): boolean {
  return kind === 'text' || kind === 'enum' || kind === 'other';
}

/** A text that no spreadsheet computes. */
export function neutralise(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** The same of the value of an SQL expression, in the text that COPY writes: a cast would take blanks off char(n). */
export function neutraliseSql(expression: string): string {
  const text = `concat(${expression})`;
  return `case when num_nulls(${expression}) = 1 then null when ${text} ~ ${FORMULA_SQL} then '''' || ${text} else ${text} end`;
}

/** The text that was neutralised. */
export function restore(value: Buffer): Buffer {
  if (value[0] !== APOSTROPHE) {
    return value;
  }
  const first = value.find((byte) => byte !== APOSTROPHE);
  return first !== undefined && FORMULA_STARTS.has(first) ? value.subarray(1) : value;
}
