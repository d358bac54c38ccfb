/** The settings cannot be used. `problems` has one line for each, naming the variable. */
export class ConfigError extends Error {
  /** @param production the database to look at for further reasons, where a production start is refused */
  constructor(
    readonly problems: string[],
    readonly production?: { databaseUrl: string },
  ) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}
