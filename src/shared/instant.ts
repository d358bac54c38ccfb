/**
 * An instant as the database's text, in UTC with its microseconds: `2026-02-05 10:20:00.123456+00`.
 * Kept as text between statements, because a Date would round it and cursors compare for equality.
 */
export type InstantText = string;

const INSTANT = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)\+00$/;

/** Whether `text` is an instant that the database can have written, e.g. one taken from a cursor. */
export function isInstantText(text: string): boolean {
  const [, date] = INSTANT.exec(text) ?? [];
  const instant = toDate(text);
  // Date takes 30 February for 2 March, and the year 0, which PostgreSQL does not have.
  return (
    date !== undefined &&
    !date.startsWith('0000') &&
    !Number.isNaN(instant.getTime()) &&
    instant.toISOString().startsWith(date)
  );
}

/** The instant as a Date, cut to milliseconds. */
export function toDate(text: InstantText): Date {
  return new Date(text.replace(INSTANT, '$1T$2Z'));
}

/** A Date as the database would write it. */
export function toInstantText(date: Date): InstantText {
  return date.toISOString().replace('T', ' ').replace('Z', '+00');
}
