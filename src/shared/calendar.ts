import { Temporal } from 'temporal-polyfill';

/** Today's date in that IANA zone, YYYY-MM-DD, by this machine's clock. */
export function today(timeZone: string): string {
  return Temporal.Now.plainDateISO(timeZone).toString();
}

/** The date on which an instant falls in that IANA zone, YYYY-MM-DD. */
export function dateIn(timeZone: string, instant: Date): string {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toString();
}

/** The number of days from one date to another, both YYYY-MM-DD; negative where `to` is the earlier. */
export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days;
}
