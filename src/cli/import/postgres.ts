import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../migrate/errors.js';
import { LEFT_OUT } from '../../transfer/csv/export.js';
import { refuseOtherMigrations } from '../../transfer/import/current-laurel.js';
import type { NotCarried } from '../../transfer/import/report.js';
import { tableImport } from '../../transfer/import/table-import.js';
import { newTablesFrom } from '../../transfer/postgres/new-tables.js';
import { PostgresSource } from '../../transfer/postgres/source.js';
import { knownService } from './known-service.js';
import {
  addImportOptions,
  type ImportFlags,
  mergeOption,
  type MergeFlag,
  parseNames,
  parseSourceUrl,
} from './options.js';
import { importInto, type Move } from './run.js';
import type { PostgresTable } from '../../transfer/postgres-tables.js';

interface PostgresFlags extends ImportFlags, MergeFlag {
  from: string;
  tables?: string[];
  where?: ReadonlyMap<string, string>;
  fromSchema?: string;
  schema?: string;
}

/** `laurel import postgres`: from another PostgreSQL, Laurel's, the old game service's, or any. */
export function addImportPostgres(command: Command): void {
  addImportOptions(
    command
      .command('postgres')
      .description(
        "move another PostgreSQL database here: Laurel's, that of the old game or staff service, or any tables as they are",
      )
      .requiredOption('--from <url>', 'postgres://user:password@host:port/database')
      .option('--tables <names>', 'these tables as they are, with commas between; or all', parseNames)
      .option(
        '--where <table=condition>',
        'only rows that fulfil it, as SQL of that table; may be repeated',
        addCondition,
      )
      .option('--from-schema <name>', 'where tables are read; left out: the schema of the connection')
      .option('--schema <name>', 'where tables as they are go; made if need be. Left out: the schema of the connection')
      .addOption(mergeOption()),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  laurel import postgres --from postgres://laurel@old-host/laurel' +
        '\n  laurel import postgres --from postgres://game@old-host/hexdb --source-time-zone Asia/Seoul --where "scores=created_at >= \'2026-01-01\'"',
    )
    .action(run);
}

function run(flags: PostgresFlags): Promise<void> {
  parseSourceUrl(
    flags.from,
    ({ protocol }) => /^postgres(?:ql)?:$/.test(protocol),
    'postgres://user:password@host:5432/database',
  );
  return importInto(flags, async (config) => {
    const source = await open(flags, flags.tables?.join() === 'all' ? undefined : flags.tables);
    if (flags.tables !== undefined) {
      return tables(source, flags);
    }
    const isLaurel = source.migrations.length > 0;
    const service = isLaurel ? undefined : knownService(source, config, flags);
    if ((isLaurel || service !== undefined) && flags.schema !== undefined) {
      await source.close();
      throw new UsageError(
        `--schema is for tables as they are, and those of ${service === undefined ? 'a Laurel' : `the ${service.called}`} go into Laurel's. Nothing was changed. Leave it out, or add --tables all`,
      );
    }
    if (isLaurel) {
      return await laurel(source, flags);
    }
    if (service === undefined) {
      await source.close();
      throw new UsageError(
        `This is neither Laurel's database nor that of the game or the staff service. Nothing was changed. To move its tables as they are: --tables all\nIt has: ${source.tables.map(({ name }) => name).join(', ')}`,
      );
    }
    const unused = [...(flags.where?.keys() ?? [])].filter((name) => !service.tables.includes(name));
    if (unused.length > 0) {
      await source.close();
      throw new UsageError(
        `--where is for tables that are read, and ${unused.join(', ')} is not carried over. Nothing was changed. Leave it out. Of the ${service.called} there are: ${service.tables.join(', ')}`,
      );
    }
    return { source, mover: () => service.mover(unreadOf(source)) };
  });
}

function open(
  { from, fromSchema, where }: PostgresFlags,
  names: readonly string[] | undefined,
): Promise<PostgresSource> {
  return PostgresSource.open(from, { tables: names, schema: fromSchema, where });
}

function tables(source: PostgresSource, { from, schema, merge }: PostgresFlags): Move<PostgresTable> {
  const define = (missing: readonly PostgresTable[]): ReturnType<typeof newTablesFrom> => newTablesFrom(from, missing);
  return {
    source,
    mover: () => Promise.resolve(tableImport(source, { schema, merge, define, notCarried: unreadOf(source) })),
  };
}

/** A Laurel is moved without what is counted anew and what belongs to one server. */
async function laurel(whole: PostgresSource, flags: PostgresFlags): Promise<Move<PostgresTable>> {
  const names = whole.tables.map(({ name }) => name);
  await whole.close();
  const source = await open(
    flags,
    names.filter((name) => !Object.hasOwn(LEFT_OUT, name)),
  );
  const leftOut = names.flatMap((name) => (Object.hasOwn(LEFT_OUT, name) ? { name, why: LEFT_OUT[name]! } : []));
  return {
    source,
    mover: async (target) => {
      await refuseOtherMigrations(target, source.migrations, source.name);
      return tableImport(source, { merge: flags.merge, notCarried: [...leftOut, ...unreadOf(source)] });
    },
  };
}

function unreadOf({ unread }: PostgresSource): NotCarried[] {
  return unread.map(({ name, why }) => ({ name, why }));
}

function addCondition(text: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [, table, condition] = /^([^=\s]+)=(.+)$/s.exec(text) ?? [];
  if (table === undefined || condition === undefined) {
    throw new InvalidArgumentError('It is to be like "scores=created_at >= \'2026-01-01\'"');
  }
  if (before.has(table)) {
    throw new InvalidArgumentError(`There are two conditions for ${table}: join them by and.`);
  }
  return new Map([...before, [table, condition]]);
}
