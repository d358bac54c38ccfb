import { literal, quoted } from '../identifier.js';
import { isInstantHere } from '../row-hash.js';
import type { Column } from '../table.js';
import type { Target } from '../target.js';
import { timeFolds } from '../time-gaps.js';

/**
 * Counts times that the clocks of the source's zone showed twice: PostgreSQL takes them for the later of both.
 * @param from the relation that the rows are in
 */
export async function repeatedTimes(target: Target, from: string, column: Column, timeZone: string): Promise<number> {
  const folds = [...(await timeFolds(target, timeZone))].flatMap(([day, stretches]) =>
    stretches.map((stretch) => ({ ...stretch, day })),
  );
  if (folds.length === 0) {
    return 0;
  }
  const name = quoted(column.name);
  const local = isInstantHere(column) ? `${name} at time zone ${literal(timeZone)}` : name;
  const [found] = await target.query<{ rows: number }>(
    `select count(*)::integer as rows from (select ${local} as shown from ${quoted(from)}) t
      join unnest($1::date[], $2::timestamp[], $3::timestamp[]) f (day, first, next)
        on t.shown::date = f.day and t.shown >= f.first and t.shown < f.next`,
    [folds.map(({ day }) => day), folds.map((fold) => fold.from), folds.map(({ to }) => to)],
  );
  return found!.rows;
}
