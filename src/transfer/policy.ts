/**
 * What can be wrong with a row, and what can be done about it. `fail` and `reject` are there for every kind: to stop
 * the run, and to leave the row out, written to a file that can be corrected and imported.
 */
export const KINDS = {
  dates: { about: 'zero and impossible dates', repairs: { null: 'NULL in their place' } },
  'time-gaps': {
    about: 'times that no clock of the source zone showed',
    repairs: { shift: 'moved on by the gap, as PostgreSQL reads them' },
  },
  'time-zones': {
    about: 'times without a zone and no --source-time-zone; instants for a column that has no zone',
    repairs: { keep: "kept as times without a zone, in plain tables; instants by UTC's clock" },
  },
  orphans: { about: 'references to rows that are not there', repairs: { null: 'NULL in place of the reference' } },
  emails: { about: 'malformed email addresses', repairs: { null: 'NULL in their place' } },
  'email-collisions': {
    about:
      'email addresses that differ in case or Unicode form alone, or are of an account here that is not theirs for certain',
    repairs: {},
  },
  accounts: {
    about: 'people who have an account here already, by an address that is theirs on both sides',
    repairs: { link: 'that account is theirs' },
  },
  nicknames: { about: 'nicknames that break the rules', repairs: { rename: 'player and the old id in their place' } },
  'nickname-collisions': {
    about: 'nicknames, and usernames of the staff, that differ in case or Unicode form alone',
    repairs: { rename: 'the old id added to all but the first' },
  },
  'password-hashes': {
    about: 'password hashes of an unknown kind',
    repairs: { null: 'no password: the player has to have it reset' },
  },
  'self-friendships': { about: 'friendships with oneself', repairs: {} },
  'reversed-friendships': {
    about: 'friendships in both directions',
    repairs: { merge: 'one of both: accepted before pending before rejected; two pending ones are accepted' },
  },
  months: { about: 'months outside 1 to 12, years outside 1 to 9999', repairs: {} },
  'duplicate-months': {
    about: 'several scores of a player and month',
    repairs: { best: 'the highest', newest: 'the last written' },
  },
  'duplicate-visits': {
    about: 'several counts of a player and day',
    repairs: { sum: 'added up', highest: 'the highest' },
  },
  duplicates: { about: 'several rows with one unique key', repairs: { first: 'the first one read' } },
  values: {
    about: 'values that are none of those allowed',
    repairs: { null: 'NULL, or the default where there must be one' },
  },
  numbers: {
    about: 'numbers out of range, or with more digits than can be held',
    repairs: { clamp: 'the nearest number in range' },
  },
  'null-values': { about: 'NULL where there must be a value', repairs: {} },
  'nul-bytes': { about: 'NUL bytes in text', repairs: { strip: 'left out of the text' } },
  encoding: {
    about: 'text that is not UTF-8',
    repairs: { latin1: 'read as Windows-1252', replace: 'U+FFFD for what cannot be read' },
  },
  charset: {
    about: 'question marks in columns of a character set that cannot hold all characters',
    repairs: { keep: 'taken as they are' },
  },
  length: { about: 'text that is too long', repairs: { truncate: 'cut off' } },
  definitions: {
    about: 'types, defaults, checks and generated columns that have no counterpart',
    repairs: { plain: 'left out; the column and its values are kept' },
  },
} as const satisfies Record<string, { about: string; repairs: Record<string, string> }>;

export type Kind = keyof typeof KINDS;

/** `fail`, `reject`, or a repair of the kind. */
export type Policy = string;

/** For every kind what to do about it. */
export type Policies = Readonly<Record<Kind, Policy>>;
