import type { Command } from 'commander';
import type { Database } from '../../database/database.js';
import { type Detection, stampDetected } from '../../migrate/detect.js';
import { UsageError } from '../../migrate/errors.js';
import { loadHistory } from '../../migrate/history.js';
import { stampTarget } from '../../migrate/revision.js';
import { stamp, type Stamped } from '../../migrate/stamp.js';
import { pendingMigrations } from '../../migrate/status.js';
import { ExitCode, withDatabase } from '../command.js';
import { styled } from '../terminal.js';
import { type MigrateOptions, verb } from './options.js';

interface StampCommandOptions extends MigrateOptions {
  detect?: true;
  purge?: true;
}

/** `laurel migrate stamp`: tells the database where it is, and runs nothing. */
export function addStamp(migrate: Command): void {
  verb(
    migrate,
    'stamp [revision]',
    'note the migrations up to a revision, head or base as applied, and run nothing',
    'stamp --detect',
  )
    .option('--detect', 'find the revision whose schema the database has')
    .option('--purge', 'forget first what the database says is applied, that of unknown migrations too')
    .action((revision: string | undefined, options: StampCommandOptions) => {
      if ((revision === undefined) === (options.detect === undefined)) {
        throw new UsageError('Name a revision, or let it be found: --detect. Nothing was changed.');
      }
      return withDatabase((database) =>
        revision === undefined ? detectAndStamp(database, options) : stampTo(database, revision, options),
      );
    });
}

async function stampTo(database: Database, revision: string, options: StampCommandOptions): Promise<void> {
  const stop = stampTarget(await loadHistory(options.folder), revision);
  const stamped = await stamp(database, stop, options);
  if (options.json) {
    console.log(JSON.stringify(stamped));
    return;
  }
  printStamped(stamped);
  await printPending(database, options);
}

async function detectAndStamp(database: Database, options: StampCommandOptions): Promise<void> {
  const { detection, stamped } = await stampDetected(database, options);
  if (detection.revision === null) {
    process.exitCode = ExitCode.FAILED;
  }
  if (options.json) {
    console.log(JSON.stringify({ ...detection, stamped }));
    return;
  }
  printDetection(detection);
  if (stamped !== null) {
    printStamped(stamped);
  }
  if (detection.revision !== null) {
    await printPending(database, options);
  }
}

function printDetection({ revision, sameSchema, accepted, nearest, unknown, alembic }: Detection): void {
  if (alembic !== null) {
    console.log(`Alembic left this database at ${alembic}; its table stays as it is.`);
  }
  if (revision === 'base') {
    console.log('The database has nothing yet that a migration makes: nothing to stamp.');
  } else if (revision !== null) {
    console.log(`The schema is that of ${styled('bold', revision)}.`);
  } else if (nearest === null) {
    console.log('There are no migrations. Nothing was changed.');
  } else {
    console.log(styled('red', 'The schema is that of no revision. Nothing was changed.'));
    printList(`The nearest is ${nearest.revision}, and differs in:`, nearest.differences);
    console.log(
      `Mend these, and start this again; or, if they do not matter: laurel migrate stamp ${nearest.revision}`,
    );
  }
  printList('Differs, and the migrations to come allow for it:', accepted);
  printList('Leave the schema as it is, so they are not taken for applied, and the upgrade runs them:', sameSchema);
  printList('Unknown to the history, and left alone:', unknown);
}

function printStamped({ added, removed, renewed }: Stamped): void {
  added.forEach((name) => console.log(styled('green', `noted as applied ${name}`)));
  removed.forEach((name) => console.log(styled('yellow', `no longer noted ${name}`)));
  renewed.forEach((name) => console.log(styled('green', `noted as it is now ${name}`)));
  if (added.length + removed.length + renewed.length === 0) {
    console.log('The database says so already: nothing was changed.');
  }
}

async function printPending(database: Database, { folder }: StampCommandOptions): Promise<void> {
  const pending = await pendingMigrations(database, folder);
  if (pending.length > 0) {
    console.log(styled('yellow', `${pending.length} pending: laurel migrate upgrade`));
  }
}

function printList(title: string, lines: readonly string[]): void {
  if (lines.length > 0) {
    console.log(title);
    lines.forEach((line) => console.log(`  ${line}`));
  }
}
