import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../config.js';
import { exportCsv } from '../transfer/csv/export.js';
import type { Manifest } from '../transfer/csv/manifest.js';
import { EmbeddedTarget } from '../transfer/embedded-target.js';
import { PostgresTarget } from '../transfer/postgres-target.js';
import type { Target } from '../transfer/target.js';
import { CommandError } from './command.js';
import { interruptible } from './interruptible.js';

interface CsvOptions {
  to: string;
  tables?: string[];
  neutraliseFormulas?: true;
  json?: true;
}

/** `laurel export`: the data as files. */
export function addExport(program: Command): void {
  program
    .command('export')
    .description('write the data to files')
    .command('csv')
    .description('write a folder with a CSV file for each table, and a manifest with types, counts and hashes')
    .requiredOption('--to <folder>', 'not there yet, or empty')
    .option('--tables <names>', 'only these, with commas between', (names: string) => names.split(','))
    .option(
      '--neutralise-formulas',
      'put an apostrophe before texts that a spreadsheet would compute; import undoes it',
    )
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel export csv --to backup-of-today --tables users,scores')
    .action(run);
}

function run({ to, tables, neutraliseFormulas, json }: CsvOptions): Promise<void> {
  return interruptible(async (signal) => {
    const target = await openSource(loadConfig());
    try {
      report(to, await exportCsv(target, to, { tables, neutraliseFormulas, signal }), json);
    } finally {
      await target.close();
    }
  });
}

/** Where the data is; the embedded database is not made where there is none. */
async function openSource({ databaseUrl, dataDir }: Config): Promise<Target> {
  if (databaseUrl !== undefined) {
    return PostgresTarget.open(databaseUrl);
  }
  if (!existsSync(join(dataDir, 'database'))) {
    throw new CommandError(
      `There is no database in ${dataDir}. Nothing was written. Set DATA_DIR to its folder, or DATABASE_URL.`,
    );
  }
  return EmbeddedTarget.open(dataDir);
}

function report(folder: string, { tables, leftOut, migrations, formulasNeutralised }: Manifest, json?: true): void {
  if (json) {
    const files = tables.map(({ name, file, rows, hash, bytes }) => ({ name, file, rows, hash, bytes }));
    console.log(JSON.stringify({ folder, migrations, formulasNeutralised, tables: files, leftOut }));
    return;
  }
  for (const { name, rows, file } of tables) {
    console.log(`${name} ${rows} ${file}`);
  }
  for (const { name, why } of leftOut) {
    console.log(`Left out: ${name}, ${why}`);
  }
  console.log(`Written to ${folder}. It has everybody's data in it: keep it as safe as the database.`);
}
