/** The history, the files or the database are not as they must be; the message says what to do next. Exit code 1. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** What was typed names nothing, or more than one thing: nothing was run. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
