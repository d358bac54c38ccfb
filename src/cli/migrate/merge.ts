import type { Command } from 'commander';
import { loadHistory } from '../../migrate/history.js';
import { mergeBranches } from '../../migrate/merge.js';
import { findMigration } from '../../migrate/revision.js';
import { type MigrateOptions, verb } from './options.js';
import { sourceFolder } from './source-folder.js';

/** `laurel migrate merge`: settles the order of branches that were made side by side. */
export function addMerge(migrate: Command): void {
  verb(migrate, 'merge [heads...]', 'join branches by a migration that settles their order', 'merge -m "avatars first"')
    .requiredOption('-m, --message <reason>', 'why in this order')
    .action(async (heads: string[], { folder, json, message }: MigrateOptions & { message: string }) => {
      const sources = sourceFolder(folder);
      const history = await loadHistory(sources);
      const chosen = heads.map((head) => findMigration(history, head).name);
      const merge = mergeBranches(history, sources, chosen, message);
      console.log(
        json ? JSON.stringify(merge) : `${merge.path} applies, in this order:\n  ${merge.heads.join('\n  ')}`,
      );
    });
}
