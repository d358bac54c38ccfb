import { quoted } from '../identifier.js';
import type { Column, Row, Table, ValueKind } from '../table.js';

/** The game service's tables, in the order in which they are carried over: none refers to a later one. */
export const GAME_TABLES = ['users', 'scores', 'friendships', 'monthly_scores', 'game_visits'] as const;

export type GameTable = (typeof GAME_TABLES)[number];

/** What a staging table's name begins with. */
const STAGING = 'laurel_staging_';

/** A table of the game service, and the temporary one that its rows arrive in. */
export interface StagedTable {
  name: GameTable;
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

/** The game service's database, as far as there is one. */
export interface GameShape {
  tables: readonly StagedTable[];
  misfits: readonly Misfit[];
  notCarried: readonly NotCarried[];
}

interface CarriedColumn {
  /** Names that it has had, the last first. */
  names: readonly [string, ...string[]];
  holds: 'id' | 'integer' | 'text' | 'date' | 'time' | 'uuid';
  optional?: true;
}

const id: CarriedColumn = { names: ['id'], holds: 'id' };
const userId: CarriedColumn = { names: ['user_id'], holds: 'id' };
const integer = (name: string): CarriedColumn => ({ names: [name], holds: 'integer' });
const text = (name: string): CarriedColumn => ({ names: [name], holds: 'text' });
const time = (name: string): CarriedColumn => ({ names: [name], holds: 'time' });
const date = (name: string): CarriedColumn => ({ names: [name], holds: 'date' });

const CARRIED: Record<GameTable, readonly CarriedColumn[]> = {
  users: [
    id,
    text('email'),
    text('nickname'),
    text('password'),
    date('birth_date'),
    { ...text('role'), optional: true },
    { names: ['user_id'], holds: 'uuid', optional: true },
  ],
  scores: [id, userId, integer('score'), time('created_at')],
  friendships: [
    id,
    { names: ['requester_id', 'user_id'], holds: 'id' },
    { names: ['receiver_id', 'friend_user_id'], holds: 'id' },
    text('status'),
    time('created_at'),
  ],
  monthly_scores: [id, userId, integer('year'), integer('month'), integer('score'), time('updated_at')],
  game_visits: [id, userId, date('visit_date'), integer('visit_count')],
};

/** What a value that is nothing but text can turn out to be. */
const UNTYPED: readonly ValueKind[] = ['other', 'text'];

const KINDS: Record<CarriedColumn['holds'], readonly ValueKind[]> = {
  id: ['integer', ...UNTYPED],
  integer: ['integer', ...UNTYPED],
  text: ['enum', ...UNTYPED],
  date: ['date', ...UNTYPED],
  time: ['timestamp', 'instant', ...UNTYPED],
  uuid: ['uuid', ...UNTYPED],
};

/** What columns hold, for people. */
const WORDS: Record<CarriedColumn['holds'], string> = {
  id: 'an integer',
  integer: 'an integer',
  text: 'text',
  date: 'a date',
  time: 'a date and time',
  uuid: 'a UUID',
};

const BIGINT = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/**
 * Recognises the game service's database by the names and columns of its tables.
 * @param tables all of a source
 * @param withoutUsers whether some of its other tables do as well, whose users came with an earlier run
 * @returns undefined where there are no such users; tables and columns beyond the service's are listed as not carried,
 * those of the service in another form as misfits
 */
export function recogniseGame(tables: readonly Table[], withoutUsers = false): GameShape | undefined {
  const staged: StagedTable[] = [];
  const misfits: Misfit[] = [];
  const notCarried: NotCarried[] = [];
  for (const source of tables) {
    const name = GAME_TABLES.find((known) => known === source.name.toLowerCase());
    if (name === undefined) {
      notCarried.push({ table: source.name, column: null, what: 'is no table of the game service' });
      continue;
    }
    const wrong = misfitsOf(name, source);
    misfits.push(...wrong);
    if (!wrong.some(({ leavesOutTable }) => leavesOutTable)) {
      const table = stagingTable(name, source);
      staged.push(table);
      notCarried.push(...furtherColumns(table, wrong));
    }
  }
  if (!staged.some(({ name }) => name === 'users' || withoutUsers)) {
    return undefined;
  }
  return {
    tables: staged.toSorted((a, b) => GAME_TABLES.indexOf(a.name) - GAME_TABLES.indexOf(b.name)),
    misfits,
    notCarried,
  };
}

/** The staged table of that name; undefined where the source has none. */
export function stagedTable(shape: GameShape, name: GameTable): StagedTable | undefined {
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

function misfitsOf(name: GameTable, source: Table): Misfit[] {
  if (source.name !== name) {
    const what = `the table is called ${name} in the game service`;
    return [{ table: source.name, column: null, what, leavesOutTable: true }];
  }
  return CARRIED[name].flatMap((column) => {
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
      ? `${there.name} is ${there.sourceType}, and ${WORDS[column.holds]} in the game service`
      : `the column ${there.name} is called ${known} in the game service`;
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

function furtherColumns({ source, places }: StagedTable, misfits: readonly Misfit[]): NotCarried[] {
  return source.columns
    .filter(
      ({ name }, place) => !places.includes(place) && !misfits.some(({ column }) => column === name.toLowerCase()),
    )
    .map(({ name, sourceType }) => ({
      table: source.name,
      column: name,
      what: `${sourceType} is no column of the game service`,
    }));
}

function stagingTable(name: GameTable, source: Table): StagedTable {
  const carried = CARRIED[name]
    .map((column) => ({ column, place: placeOf(column, source) }))
    .filter(({ place }) => place !== -1)
    .toSorted((a, b) => a.place - b.place);
  const columns = carried.map(({ column, place }) => stagingColumn(column, source.columns[place]!));
  const definitions = columns.map((column, index) => {
    const isWritten = isWrittenTime(column, source.columns[carried[index]!.place]!);
    return `${quoted(column.name)} ${isWritten ? 'text' : column.type}`;
  });
  if (name === 'friendships') {
    // When the opposite request answered this one; the source has no such time.
    definitions.push(`responded_at ${columns.find((column) => column.name === 'created_at')!.type}`);
  }
  const table = { name: `${STAGING}${name}`, columns, primaryKey: ['id'], uniques: [], foreignKeys: [] };
  return {
    name,
    source,
    table,
    places: carried.map(({ place }) => place),
    create: `create temporary table ${quoted(table.name)}
      (${definitions.join(', ')}, row_no bigint generated always as identity) on commit drop`,
  };
}

function stagingColumn({ names, holds }: CarriedColumn, source: Column): Column {
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
    case 'time':
      return source.kind === 'timestamp'
        ? { ...column, kind: 'timestamp', type: 'timestamp' }
        : { ...column, kind: 'instant', type: 'timestamptz' };
    case 'text':
    case 'uuid': {
      const { narrowCharset } = source;
      return { ...column, kind: 'text', type: 'text', ...(narrowCharset !== undefined && { narrowCharset }) };
    }
  }
}
