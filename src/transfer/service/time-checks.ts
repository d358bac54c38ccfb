import { literal, quoted } from '../identifier.js';
import { rowCheck, type RowsCheck, setFound } from './checks.js';
import { instantOf } from './staged-sql.js';
import type { StagedTable } from './staged-table.js';

/**
 * Calendar years 1 to 9999 in both zones that the time is read in, and clock times that there were.
 * @param zones IANA: of the source's times without one, and of the seasons
 */
export function timeChecks(
  staged: StagedTable,
  column: string,
  zones: { timeZone: string; seasonTimeZone: string },
): RowsCheck[] {
  const { timeZone, seasonTimeZone } = zones;
  const name = `t.${quoted(column)}`;
  const instant = instantOf(staged, column, timeZone);
  const yearIn = (zone: string): string =>
    `extract(year from ${instant} at time zone ${literal(zone)}) between 1 and 9999`;
  // Only next to the ends do zones matter; a time beyond them may be none that can be moved to another zone.
  const isInside = `${name} >= '0001-01-03' and ${name} < '9999-12-30'`;
  const isNear = `${name} >= '0001-01-01' and ${name} < '10000-01-02'`;
  const isWrong = `case when ${name} is null or (${isInside}) then false
    when ${isNear} then not (${yearIn('UTC')} and ${yearIn(seasonTimeZone)}) else true end`;
  const checks = [
    rowCheck(staged, isWrong, {
      kind: 'dates',
      column,
      repairs: { null: [setFound(staged, `${quoted(column)} = null`)] },
    }),
  ];
  const shifted = `(${instant} at time zone ${literal(timeZone)})`;
  if (instant !== name && timeZone !== 'UTC') {
    checks.push(
      rowCheck(staged, `case when ${isInside} then ${shifted} <> ${name} else false end`, {
        kind: 'time-gaps',
        column,
        repairs: { shift: [setFound(staged, `${quoted(column)} = ${shifted}`)] },
      }),
    );
  }
  return checks;
}
