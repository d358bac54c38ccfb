import type { Command } from 'commander';
import { pendingMigrations } from '../migrate/status.js';
import { upgrade } from '../migrate/upgrade.js';
import { withDatabase } from './command.js';

interface Output {
  json?: true;
}

/** `laurel migrate`: the schema's history. */
export function addMigrate(program: Command): void {
  const migrate = program.command('migrate').description('bring the database schema to where this build needs it');
  migrate
    .command('upgrade')
    .description('apply every pending migration, all or nothing')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel migrate upgrade')
    .action((output: Output) =>
      withDatabase(async (database) => printNames('applied', await upgrade(database), output)),
    );
  migrate
    .command('pending')
    .description('list the migrations that the database does not have yet')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel migrate pending')
    .action((output: Output) =>
      withDatabase(async (database) => printNames('pending', await pendingMigrations(database), output)),
    );
}

function printNames(what: 'applied' | 'pending', names: string[], { json }: Output): void {
  if (json) {
    console.log(JSON.stringify({ [what]: names }));
    return;
  }
  for (const name of names) {
    console.log(`${what} ${name}`);
  }
  if (names.length === 0) {
    console.log(what === 'applied' ? 'Nothing to apply: the database is current.' : 'Nothing is pending.');
  }
}
