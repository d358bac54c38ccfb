import type { Command } from 'commander';
import { UsageError } from '../../migrate/errors.js';
import { tableImport } from '../../transfer/import/table-import.js';
import { definitionsOf } from '../../transfer/mysql/definition.js';
import type { MysqlTable } from '../../transfer/mysql/mysql-table.js';
import { MysqlSource } from '../../transfer/mysql/source.js';
import type { NewTable } from '../../transfer/new-table.js';
import { knownService } from './known-service.js';
import {
  addImportOptions,
  type ImportFlags,
  mergeOption,
  type MergeFlag,
  parseNames,
  parseSourceUrl,
} from './options.js';
import { importInto } from './run.js';

interface MysqlFlags extends ImportFlags, MergeFlag {
  from: string;
  tables?: string[];
  schema?: string;
}

/** `laurel import mysql`: from MySQL or MariaDB. */
export function addImportMysql(command: Command): void {
  addImportOptions(
    command
      .command('mysql')
      .description(
        "move a database of MySQL or MariaDB here: those of the game and the staff service into Laurel's tables, or any tables as they are",
      )
      .requiredOption('--from <url>', 'mysql://user:password@host:port/database')
      .option('--tables <names>', 'these tables as they are, with commas between; or all', parseNames)
      .option('--schema <name>', 'where tables as they are go; made if need be. Left out: the one of the connection')
      .addOption(mergeOption()),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  laurel import mysql --from mysql://root@127.0.0.1/hexdb --source-time-zone Asia/Seoul --dry-run' +
        '\n  laurel import mysql --from mysql://root@127.0.0.1/hexdb --source-time-zone Asia/Seoul --orphans reject --rejects rejected-rows' +
        '\n  laurel import mysql --from mysql://root@127.0.0.1/finance --tables all --schema finance --source-time-zone UTC',
    )
    .action(run);
}

function run(flags: MysqlFlags): Promise<void> {
  const { tables, schema, merge, sourceTimeZone } = flags;
  const from = parseSourceUrl(
    flags.from.replace(/^mariadb:/, 'mysql:'),
    ({ protocol, hostname }) => protocol === 'mysql:' && hostname !== '',
    'mysql://user:password@host:3306/database',
  );
  return importInto(flags, async (config) => {
    const names = tables?.join() === 'all' ? undefined : tables;
    const source = await MysqlSource.open(from, { tables: names, timeZone: sourceTimeZone });
    const service = tables === undefined ? knownService(source, config, flags) : undefined;
    if (tables === undefined && service === undefined) {
      await source.close();
      throw new UsageError(
        `This is neither the game service's database nor the staff service's. Nothing was changed. To move its tables as they are: --tables all\nIt has: ${source.tables.map(({ name }) => name).join(', ')}`,
      );
    }
    if (service !== undefined && schema !== undefined) {
      await source.close();
      throw new UsageError(
        `--schema is for tables as they are, and those of the ${service.called} go into Laurel's. Nothing was changed. Leave it out, or add --tables all`,
      );
    }
    const leftOut = source.leftOut.map(({ what, name }) => ({ name, why: `a ${what}: only tables are moved` }));
    const define = (missing: readonly MysqlTable[], taken: readonly string[]): Promise<NewTable[]> =>
      definitionsOf(missing, { taken, timeZone: sourceTimeZone });
    return {
      source,
      mover: async () => {
        const notes = besideTheSnapshot(source.tables);
        if (service === undefined) {
          return { ...tableImport(source, { schema, merge, notCarried: leftOut, define }), notes };
        }
        return { ...(await service.mover(leftOut)), notes };
      },
    };
  });
}

/** Engines without transactions: their rows are as they stand when they are read. */
const WITHOUT_SNAPSHOT = new Set([
  'myisam',
  'aria',
  'memory',
  'csv',
  'archive',
  'mrg_myisam',
  'federated',
  'blackhole',
]);

function besideTheSnapshot(tables: readonly MysqlTable[]): string[] {
  return tables
    .filter(({ engine }) => WITHOUT_SNAPSHOT.has(engine?.toLowerCase() ?? ''))
    .map(
      ({ name, engine }) =>
        `${name} (${engine}) is not part of the source's snapshot: nobody may write to it during the run, which ends where its rows and its checksum, made afterwards, differ`,
    );
}
