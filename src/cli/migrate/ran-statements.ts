import type { MigrationFile } from '../../migrate/history.js';
import type { RanStatement } from '../../migrate/run-options.js';

/** The statements of a run that took effect, or in a dry run, all of its last attempt. */
export class RanStatements {
  readonly all: (RanStatement & { migration: string })[] = [];
  /** How many of them no rollback takes back any more. */
  #kept = 0;
  #migration: MigrationFile | undefined;

  constructor(private readonly inOneTransaction: boolean) {}

  /** A migration begins. One outside transactions begins after the transaction before it has ended. */
  begin(migration: MigrationFile): void {
    this.#migration = migration;
    this.#keepOutsideTransactions();
  }

  add(statement: RanStatement): void {
    this.all.push({ migration: this.#migration!.name, ...statement });
    this.#keepOutsideTransactions();
  }

  /** The attempt under way was rolled back. */
  rollBack(): void {
    this.all.length = this.#kept;
  }

  #keepOutsideTransactions(): void {
    if (!this.inOneTransaction && this.#migration?.transactional === false) {
      this.#kept = this.all.length;
    }
  }
}
