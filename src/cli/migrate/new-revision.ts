import type { Command } from 'commander';
import { UsageError } from '../../migrate/errors.js';
import { autogenerateRevision, dataRevision, emptyRevision } from '../../migrate/new-revision.js';
import { type MigrateOptions, verb } from './options.js';
import { sourceFolder } from './source-folder.js';

interface RevisionOptions extends MigrateOptions {
  message: string;
  autogenerate?: true;
  empty?: true;
  data?: true;
}

/** `laurel migrate revision`: writes a new migration. Needs no database. */
export function addRevision(migrate: Command): void {
  verb(
    migrate,
    'revision',
    'write a new migration: empty, from what the entities have and the history lacks, or to fill a column',
    'revision -m "add avatars" --autogenerate',
  )
    .requiredOption('-m, --message <words>', 'what it does')
    .option('--autogenerate', 'with what leads from the history to the entities')
    .option('--empty', 'without statements; so it is too where neither is named')
    .option('--data', 'to be completed: fills a column batch by batch')
    .action(async (options: RevisionOptions) => {
      const { autogenerate, empty, data } = options;
      if ([autogenerate, empty, data].filter((each) => each === true).length > 1) {
        throw new UsageError('Choose one of --autogenerate, --empty and --data. Nothing was written.');
      }
      report(options, await writeRevision(options));
    });
}

async function writeRevision({ message, folder, autogenerate, data }: RevisionOptions): Promise<string[]> {
  const revision = { message, folder: sourceFolder(folder) };
  if (autogenerate) {
    return autogenerateRevision(revision);
  }
  return [await (data ? dataRevision(revision) : emptyRevision(revision))];
}

function report({ json }: RevisionOptions, files: string[]): void {
  if (json) {
    console.log(JSON.stringify({ files }));
  } else if (files.length === 0) {
    console.log('Nothing to change: the history makes what the entities describe.');
  } else {
    files.forEach((file) => console.log(file));
  }
}
