/**
 * Whether `name` is an IANA time zone name this runtime knows, links such as Asia/Calcutta included.
 * Offsets such as +09:00, which Intl takes as well, are not names: they know no daylight saving time.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) {
    return false;
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
