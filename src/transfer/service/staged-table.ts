import { quoted } from '../identifier.js';
import type { Column, Row, Table, ValueKind } from '../table.js';

/** What a staging table's name begins with. */
const STAGING = 'laurel_staging_';

/** A table of an old service, and the temporary one that its rows arrive in. */
export interface StagedTable<Name extends string = string> {
  name: Name;
  /** As the source has it. */
  source: Table;
  /**
   * The temporary one: the columns that are carried over, in the source's order, under the names of the service's last
   * revision and wide enough for what is wrong with their values.
   */
  table: Table;
  /** For each of its columns its place among those of the source. */
  places: readonly number[];
  /** Makes the temporary one, which is gone when the transaction ends. */
  create: string;
}

/** Something in the source that has no place in Laurel. */
export interface NotCarried {
  table: string;
  /** Null where it is the whole table. */
  column: string | null;
  /** What is with it, for people. */
  what: string;
}

/** Something of the service that is there in a form that cannot be read as the service's. */
export interface Misfit {
  table: string;
  /** The service's name of it; null where it is the whole table. */
  column: string | null;
  /** What is with it, for people. */
  what: string;
  /** Whether nothing of the table can be read for it. */
  leavesOutTable: boolean;
}

/** A service's database, as far as there is one. */
export interface ServiceShape<Name extends string = string> {
  tables: readonly StagedTable<Name>[];
  misfits: readonly Misfit[];
  notCarried: readonly NotCarried[];
}

export interface CarriedColumn {
  /** Names that it has had, the last first. */
  names: readonly [string, ...string[]];
  holds: 'id' | 'integer' | 'text' | 'boolean' | 'date' | 'day' | 'time' | 'clock' | 'uuid';
  optional?: true;
  /** Of a time of the day: the column of that day, which it may come with. */
  day?: string;
}

/** What is known of a service's database. */
export interface Service<Name extends string> {
  /** For people, such as `game service`. */
  called: string;
  /** By table, in the order in which they are carried over: none refers to a later one. */
  columns: Readonly<Record<Name, readonly [CarriedColumn, ...CarriedColumn[]]>>;
  /** Columns that a staging table has besides, as SQL; rows arrive without them. */
  besides?: (name: Name, columns: readonly Column[]) => string[];
}

/** What a value that is nothing but text can turn out to be. */
const UNTYPED: readonly ValueKind[] = ['other', 'text'];

const KINDS: Record<CarriedColumn['holds'], readonly ValueKind[]> = {
  id: ['integer', ...UNTYPED],
  integer: ['integer', ...UNTYPED],
  text: ['enum', ...UNTYPED],
  boolean: ['boolean', 'integer', ...UNTYPED],
  date: ['date', ...UNTYPED],
  day: ['date', 'timestamp', ...UNTYPED],
  time: ['timestamp', 'instant', ...UNTYPED],
  clock: ['time', 'timestamp', ...UNTYPED],
  uuid: ['uuid', ...UNTYPED],
};

/** What columns hold, for people. */
const WORDS: Record<CarriedColumn['holds'], string> = {
  id: 'an integer',
  integer: 'an integer',
  text: 'text',
  boolean: 'true or false',
  date: 'a date',
  day: 'a date',
  time: 'a date and time',
  clock: 'a time of the day',
  uuid: 'a UUID',
};

const BIGINT = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/**
 * Recognises a service's database by the names and columns of its tables.
 * @param tables all of a source
 * @returns tables and columns beyond the service's are listed as not carried, those of the service in another form as
 * misfits; without any table of the service where it is another database
 */
export function recogniseTables<Name extends string>(
  service: Service<Name>,
  tables: readonly Table[],
): ServiceShape<Name> {
  const names = Object.keys(service.columns) as Name[];
  const staged: StagedTable<Name>[] = [];
  const misfits: Misfit[] = [];
  const notCarried: NotCarried[] = [];
  for (const source of tables) {
    const name = names.find((known) => known === source.name.toLowerCase());
    if (name === undefined) {
      notCarried.push({ table: source.name, column: null, what: `is no table of the ${service.called}` });
      continue;
    }
    const wrong = misfitsOf(service, name, source);
    misfits.push(...wrong);
    if (!wrong.some(({ leavesOutTable }) => leavesOutTable)) {
      const table = stagingTable(service, name, source);
      staged.push(table);
      notCarried.push(...furtherColumns(service, table, wrong));
    }
  }
  return { tables: staged.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name)), misfits, notCarried };
}

/** The staged table of that name; undefined where the source has none. */
export function stagedTable<Name extends string>(shape: ServiceShape<Name>, name: Name): StagedTable<Name> | undefined {
  return shape.tables.find((table) => table.name === name);
}

/** Whether a staged table has a column that is optional. */
export function hasColumn({ table }: StagedTable, name: string): boolean {
  return table.columns.some((column) => column.name === name);
}

/** The values of a row of the source that its staging table takes. */
export function stagedRow({ places }: StagedTable, row: Row): Row {
  return places.map((place) => row[place]!);
}

/**
 * The staging table as rows arrive in it: times that are nothing but text in the source are that here too, until
 * readWrittenTimes has made instants of them. Some can have their own offset.
 * @param timeZone of those without one; undefined: each has its own
 */
export function arrivingTable({ source, table, places }: StagedTable, timeZone: string | undefined): Table {
  return {
    ...table,
    columns: table.columns.map((column, index) =>
      isWrittenTime(column, source.columns[places[index]!]!)
        ? { ...column, spelled: true, ...(timeZone === undefined ? { needsOffset: true } : { kind: 'timestamp' }) }
        : column,
    ),
  };
}

function isWrittenTime({ kind }: Column, source: Column): boolean {
  return kind === 'instant' && UNTYPED.includes(source.kind);
}

/** Where a table that is known by name has a column that is to be carried over: -1 for nowhere. */
function placeOf({ names, holds }: CarriedColumn, { columns }: Table): number {
  for (const name of names) {
    const place = columns.findIndex((column) => column.name === name && KINDS[holds].includes(column.kind));
    if (place !== -1) {
      return place;
    }
  }
  return -1;
}

function misfitsOf<Name extends string>({ called, columns }: Service<Name>, name: Name, source: Table): Misfit[] {
  if (source.name !== name) {
    const what = `the table is called ${name} in the ${called}`;
    return [{ table: source.name, column: null, what, leavesOutTable: true }];
  }
  return columns[name].flatMap((column) => {
    if (placeOf(column, source) !== -1) {
      return [];
    }
    const [known] = column.names;
    const there = likeNamed(column, source);
    const leavesOutTable = column.optional !== true;
    if (there === undefined) {
      return leavesOutTable
        ? [{ table: name, column: known, what: `there is no column ${known}`, leavesOutTable }]
        : [];
    }
    const what = column.names.includes(there.name)
      ? `${there.name} is ${there.sourceType}, and ${WORDS[column.holds]} in the ${called}`
      : `the column ${there.name} is called ${known} in the ${called}`;
    return [{ table: name, column: known, what, leavesOutTable }];
  });
}

/** The column that is most likely meant, whatever the case of its name and its type. */
function likeNamed({ names }: CarriedColumn, { columns }: Table): Column | undefined {
  return (
    columns.find(({ name }) => names.includes(name)) ??
    columns.find(({ name }) => names.some((known) => known === name.toLowerCase()))
  );
}

function furtherColumns<Name extends string>(
  { called }: Service<Name>,
  { source, places }: StagedTable<Name>,
  misfits: readonly Misfit[],
): NotCarried[] {
  return source.columns
    .filter(
      ({ name }, place) => !places.includes(place) && !misfits.some(({ column }) => column === name.toLowerCase()),
    )
    .map(({ name, sourceType }) => ({
      table: source.name,
      column: name,
      what: `${sourceType} is no column of the ${called}`,
    }));
}

function stagingTable<Name extends string>(service: Service<Name>, name: Name, source: Table): StagedTable<Name> {
  const known = service.columns[name];
  const carried = known
    .map((column) => ({ column, place: placeOf(column, source) }))
    .filter(({ place }) => place !== -1)
    .toSorted((a, b) => a.place - b.place);
  const columns = carried.map(({ column, place }) => stagingColumn(column, source.columns[place]!));
  const definitions = columns.map((column, index) => {
    const isWritten = isWrittenTime(column, source.columns[carried[index]!.place]!);
    return `${quoted(column.name)} ${isWritten ? 'text' : column.type}`;
  });
  const table = { name: `${STAGING}${name}`, columns, primaryKey: [known[0].names[0]], uniques: [], foreignKeys: [] };
  return {
    name,
    source,
    table,
    places: carried.map(({ place }) => place),
    create: `create temporary table ${quoted(table.name)}
      (${[...definitions, ...(service.besides?.(name, columns) ?? [])].join(', ')}, row_no bigint generated always as identity) on commit drop`,
  };
}

function stagingColumn({ names, holds, day }: CarriedColumn, source: Column): Column {
  const column = { name: names[0], sourceType: source.sourceType, nullable: true };
  switch (holds) {
    case 'id':
    case 'integer':
      // The largest of MySQL's unsigned integers are beyond bigint.
      return source.type.startsWith('numeric')
        ? { ...column, kind: 'decimal', type: 'numeric', precision: { digits: 20, scale: 0 } }
        : { ...column, kind: 'integer', type: 'bigint', range: BIGINT };
    case 'date':
      return { ...column, kind: 'date', type: 'date' };
    case 'day':
      return source.kind === 'timestamp'
        ? { ...column, kind: 'timestamp', type: 'timestamp', inRejects: dayText(names[0]) }
        : { ...column, kind: 'date', type: 'date' };
    case 'clock':
      return source.kind === 'timestamp'
        ? { ...column, kind: 'timestamp', type: 'timestamp', ...(day && { inRejects: clockText(names[0], day) }) }
        : { ...column, kind: 'time', type: 'time' };
    case 'boolean':
      return { ...column, kind: 'boolean', type: 'boolean' };
    case 'time':
      return source.kind === 'timestamp'
        ? { ...column, kind: 'timestamp', type: 'timestamp' }
        : { ...column, kind: 'instant', type: 'timestamptz' };
    case 'uuid':
      // What is to be a UUID is text until it has been looked at; what is one has the text of one.
      return { ...column, kind: source.kind === 'uuid' ? 'uuid' : 'text', type: 'text' };
    case 'text': {
      const { narrowCharset } = source;
      return { ...column, kind: 'text', type: 'text', ...(narrowCharset !== undefined && { narrowCharset }) };
    }
  }
}

/** SQL: days and times of the day without what a file of them alone could not say, where nothing is lost by that. */
function dayText(column: string): string {
  const value = `t.${quoted(column)}`;
  return `case when ${value} = date_trunc('day', ${value}) then ${value}::date::text else ${value}::text end`;
}

function clockText(column: string, day: string): string {
  const value = `t.${quoted(column)}`;
  const isOfThatDay = `${value}::date = t.${quoted(day)}::date and isfinite(${value})`;
  return `case when ${isOfThatDay} then ${value}::time::text else ${value}::text end`;
}
