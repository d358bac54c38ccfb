import type { Command } from 'commander';
import { openCommunitySource } from '../../transfer/community/source.js';
import { communityImport } from '../../transfer/import/community-import.js';
import { addImportOptions, type ImportFlags, mergeOption, type MergeFlag } from './options.js';
import { importInto } from './run.js';

/** `laurel import community`: the export of the community API. */
export function addImportCommunity(command: Command): void {
  addImportOptions(
    command
      .command('community <file>')
      .description("move the community API's export here: JSON with its users, posts and token_blacklist")
      .addOption(mergeOption()),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  laurel import community export.json --source-time-zone UTC --dry-run' +
        '\n  laurel import community export.json --source-time-zone UTC --orphans reject --rejects rejected-rows',
    )
    .action(run);
}

function run(path: string, flags: ImportFlags & MergeFlag): Promise<void> {
  return importInto(flags, async ({ reservedNicknames }) => {
    const source = await openCommunitySource(path);
    return { source, mover: () => Promise.resolve(communityImport(source, { merge: flags.merge, reservedNicknames })) };
  });
}
