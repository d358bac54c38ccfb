import type { Command } from 'commander';
import { loadHistory } from '../../migrate/history.js';
import { offlineScript, parseRange } from '../../migrate/offline.js';
import { type MigrateOptions, verb } from './options.js';

/** `laurel migrate sql`: the script for somebody who has psql and not Laurel. */
export function addSql(migrate: Command): void {
  verb(
    migrate,
    'sql [range]',
    'print the script from one migration to another: FROM:TO, for psql',
    'sql 202611210008:head > upgrade.sql',
  )
    .addHelpText('after', '\nWithout a range, from base to head. Backwards, it is the downgrade.')
    .action(async (range: string | undefined, { folder, json }: MigrateOptions) => {
      const history = await loadHistory(folder);
      const script = offlineScript(history, parseRange(history, range ?? 'base:head'));
      process.stdout.write(json ? `${JSON.stringify({ script })}\n` : script);
    });
}
