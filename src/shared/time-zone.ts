/** Abbreviations that Intl takes for zones of its own choice and that the IANA database does not have. */
const ICU_ABBREVIATIONS = new Set(
  'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST'.split(' '),
);

/**
 * Whether `name` is an IANA time zone name this runtime knows, links such as Asia/Calcutta included.
 * Offsets such as +09:00, which Intl takes as well, are not names: they know no daylight saving time.
 */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || /^SystemV\//i.test(name) || ICU_ABBREVIATIONS.has(name.toUpperCase())) {
    return false;
  }
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
