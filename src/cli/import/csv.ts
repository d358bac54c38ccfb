import type { Command } from 'commander';
import type { Config } from '../../config.js';
import { UsageError } from '../../migrate/errors.js';
import { parseColumnMapping } from '../../transfer/csv/column-mapping.js';
import type { CsvTable } from '../../transfer/csv/csv-table.js';
import { fitColumns } from '../../transfer/csv/fit-columns.js';
import type { MappedColumn } from '../../transfer/csv/column-mapping.js';
import { type CsvSource, openCsvSource } from '../../transfer/csv/source.js';
import { refuseOtherMigrations } from '../../transfer/import/current-laurel.js';
import { tableImport } from '../../transfer/import/table-import.js';
import type { PostgresTable } from '../../transfer/postgres-tables.js';
import { addImportOptions, type ImportFlags, mergeOption, type MergeFlag, parseNames } from './options.js';
import { type KnownService, knownService } from './known-service.js';
import { importInto } from './run.js';

interface CsvFlags extends ImportFlags, MergeFlag {
  tables?: string[];
  columns?: MappedColumn[];
  header: boolean;
  delimiter?: string;
  quote?: string;
  escape?: string;
  null?: string;
  fileEncoding?: string;
  acceptChanged?: true;
  game?: true;
  staff?: true;
  schema?: string;
}

/** `laurel import csv`: a folder of `laurel export csv`, files of rejected rows, or any CSV files. */
export function addImportCsv(command: Command): void {
  addImportOptions(
    command
      .command('csv <paths...>')
      .description(
        'move CSV files here: a folder of laurel export csv; or files, as table.csv or table=file.csv, into tables that are there',
      )
      .option('--tables <names>', 'only these, with commas between', parseNames)
      .option(
        '--columns <mapping>',
        'of one file: column=its name here, or column= to leave it out',
        parseColumnMapping,
      )
      .option('--no-header', 'the first line is a row')
      .option('--delimiter <character>', 'between fields; left out: a comma')
      .option('--quote <character>', "around fields; left out: a double quote; '' for none")
      .option('--escape <character>', "as in MySQL's INTO OUTFILE, a backslash there: then tabs, no quotes, no header")
      .option('--null <text>', 'what stands for NULL without quotes; left out: an empty field')
      .option('--file-encoding <name>', 'such as windows-1252; left out: UTF-8')
      .option('--accept-changed', 'take files that are others than their manifest says')
      .option('--game', "the files are some of the game service's, such as its rejected rows; with --merge")
      .option('--staff', "likewise the staff service's")
      .option('--schema <name>', 'where the tables are; left out: the schema of the connection')
      .addOption(mergeOption()),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  laurel import csv backup-of-today' +
        '\n  laurel import csv rejected-rows/friendships.csv --game --merge newer --source-time-zone Asia/Seoul' +
        '\n  laurel import csv stocks=export.csv --columns "Symbol=symbol,Price=price,Notes="',
    )
    .action(run);
}

function run(paths: string[], flags: CsvFlags): Promise<void> {
  const { tables, columns, header, delimiter, quote, escape, fileEncoding, acceptChanged, schema, merge } = flags;
  return importInto(flags, async (config) => {
    const source = await openCsvSource(paths, {
      tables,
      columns,
      // Commander says true where nobody said anything.
      header: header ? undefined : false,
      delimiter,
      quote,
      escape,
      nullText: flags.null,
      encoding: fileEncoding,
      acceptChanged,
    });
    const service = serviceOf(source, config, flags);
    if (service !== undefined && schema !== undefined) {
      await source.close();
      throw new UsageError(
        `--schema is for tables as they are, and those of the ${service.called} go into Laurel's. Nothing was changed. Leave it out.`,
      );
    }
    if (service !== undefined) {
      return { source, mover: () => service.mover([]) };
    }
    const { manifest } = source;
    const fit = (table: CsvTable, there: PostgresTable): CsvTable =>
      manifest === undefined ? fitColumns(table, there.columns, flags.sourceTimeZone) : table;
    const notCarried = manifest?.leftOut ?? [];
    return {
      source,
      mover: async (target) => {
        if (manifest !== undefined && schema === undefined) {
          await refuseOtherMigrations(target, manifest.migrations, paths[0]!);
        }
        return tableImport(source, { schema, merge, fit, notCarried });
      },
    };
  });
}

function serviceOf(source: CsvSource, config: Config, flags: CsvFlags): KnownService | undefined {
  const { game, staff, merge } = flags;
  if (game && staff) {
    throw new UsageError('The files are of one service. Nothing was changed. Leave out --game or --staff.');
  }
  const partOf = game ? 'game' : staff ? 'staff' : undefined;
  if (partOf !== undefined && merge === undefined) {
    throw new UsageError(
      `Some tables of the ${partOf} service are merged into what came with an earlier run. Nothing was changed. Add --merge newer or --merge fail.`,
    );
  }
  const service = knownService(source, config, flags, partOf);
  if (partOf !== undefined && service === undefined) {
    throw new UsageError(
      `None of the files is a table of the ${partOf} service. Nothing was changed. There are: ${source.tables.map(({ name }) => name).join(', ')}`,
    );
  }
  return service;
}
