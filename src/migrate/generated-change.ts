import { scan } from 'libpg-query';
import type { DraftStatement } from './revision-source.js';
import { laidOut } from './sql-layout.js';
import {
  type AlterCommand,
  type Constraint,
  type SingleCommand,
  singleCommands,
  type StringNode,
} from './single-commands.js';

/** The way up and the way back. */
export interface Ways {
  up: DraftStatement[];
  down: DraftStatement[];
}

/** A change of the schema so that no table with rows is locked for longer than a moment. */
export interface GeneratedChange {
  inTransaction: Ways;
  /** What follows, each statement by itself: a run that is broken off begins with its first one again. */
  outside: Ways;
  /** Statements that say what is wanted, but not how to get there. */
  impossible: { sql: string; reason: string }[];
}

/**
 * Makes of MikroORM's statements, which suit empty tables, ones for tables with rows.
 * @param newTables the names of those that are made by them, and so are empty
 */
export async function stagedChange(
  { up, down }: { up: string; down: string },
  newTables: ReadonlySet<string>,
): Promise<GeneratedChange> {
  const [forward, back] = [inSafeOrder(await singleCommands(up)), inSafeOrder(await singleCommands(down))];
  const draft: ChangeDraft = {
    inTransaction: { up: [], down: [] },
    outside: { up: [], down: [] },
    impossible: [],
    undone: new Set(),
    remade: remadeIndexes(forward, back),
  };
  for (const command of forward) {
    await stage(draft, command, newTables);
  }
  for (const command of back) {
    if (!OF_OTHERS.has(kindOf(command.node)) && !draft.undone.has(undoneBy(command))) {
      draft.inTransaction.down.push(...(await wayBack(command)));
    }
  }
  const { inTransaction, outside, impossible } = draft;
  return { inTransaction, outside: { up: outside.up, down: outside.down.toReversed() }, impossible };
}

/**
 * Tables are dropped before others are made, as MikroORM does not: a new one can have index names of the old one. What
 * refers to them goes first.
 */
export function inSafeOrder(commands: readonly SingleCommand[]): SingleCommand[] {
  const rank = ({ node, alter }: SingleCommand): number => {
    if (alter?.command.subtype === 'AT_DropConstraint') {
      return 0;
    }
    return (node['DropStmt'] as DropStatement | undefined)?.removeType === 'OBJECT_TABLE' ? 1 : 2;
  };
  return commands.toSorted((a, b) => rank(a) - rank(b));
}

interface ChangeDraft extends GeneratedChange {
  /** What the way back of `outside` undoes, in the words of `undoneBy`. */
  undone: Set<string>;
  /** The statements that make dropped indexes again, by the names of the indexes. */
  remade: Map<string, string>;
}

/** Not of tables that lose columns: their indexes go with these, and can come back only after them. */
function remadeIndexes(forward: readonly SingleCommand[], back: readonly SingleCommand[]): Map<string, string> {
  const losing = new Set(
    forward.flatMap(({ alter }) => (alter?.command.subtype === 'AT_DropColumn' ? [alter.table] : [])),
  );
  return new Map(
    back.flatMap(({ node, sql }) => {
      const index = node['IndexStmt'] as IndexStatement | undefined;
      return index === undefined || losing.has(index.relation.relname) ? [] : [[index.idxname, sql] as const];
    }),
  );
}

interface IndexStatement {
  idxname: string;
  relation: { relname: string };
}

function concurrently(createIndex: string): string {
  return createIndex.replace(/^create (unique )?index /i, 'create $1index concurrently ');
}

/** Adds what becomes of one statement. */
async function stage(draft: ChangeDraft, single: SingleCommand, newTables: ReadonlySet<string>): Promise<void> {
  const { sql, node, alter } = single;
  const index = node['IndexStmt'] as IndexStatement | undefined;
  if (index !== undefined && !newTables.has(index.relation.relname)) {
    draft.outside.up.push({ sql: concurrently(sql) });
    draft.outside.down.push({ sql: `drop index concurrently if exists ${quoted(index.idxname)}` });
    draft.undone.add(`index ${index.idxname}`);
    return;
  }
  const oldIndex = droppedIndex(node);
  const remade = draft.remade.get(oldIndex ?? '');
  if (oldIndex !== undefined && remade !== undefined) {
    draft.outside.up.push({ sql: `drop index concurrently if exists ${quoted(oldIndex)}` });
    draft.outside.down.push({ sql: concurrently(remade) });
    draft.undone.add(`no index ${oldIndex}`);
    return;
  }
  if (alter !== undefined && !newTables.has(alter.table)) {
    await stageAlter(draft, sql, alter.table, alter.command);
    return;
  }
  const reason = refusalOf(node);
  if (reason !== undefined) {
    draft.impossible.push({ sql, reason });
    return;
  }
  draft.inTransaction.up.push(dropped(single) ?? { sql });
}

async function stageAlter(draft: ChangeDraft, sql: string, table: string, command: AlterCommand): Promise<void> {
  const { inTransaction, outside, impossible, undone } = draft;
  const { subtype, name = '', def } = command;
  const column = def?.ColumnDef;
  const constraint = def?.Constraint;
  if (subtype === 'AT_AddColumn' && column !== undefined && needsFill(column)) {
    inTransaction.up.push({ sql: await withoutNotNull(sql) });
    await fillAndRefuseNull(outside, table, column.colname);
  } else if (subtype === 'AT_SetNotNull') {
    await fillAndRefuseNull(outside, table, name);
    undone.add(`null ${table}.${name}`);
  } else if (subtype === 'AT_AddConstraint' && constraint !== undefined) {
    await stageConstraint(draft, sql, table, constraint);
  } else if (subtype === 'AT_AlterColumnType') {
    inTransaction.up.push({ sql, comment: REWRITES });
  } else if (subtype === 'AT_DropColumn') {
    inTransaction.up.push({ sql, comment: LOSES });
  } else if (HARMLESS.has(subtype)) {
    inTransaction.up.push({ sql });
  } else {
    impossible.push({ sql, reason: 'this kind of change' });
  }
}

async function stageConstraint(
  { inTransaction, outside, impossible, undone }: ChangeDraft,
  sql: string,
  table: string,
  { contype, conname = '' }: Constraint,
): Promise<void> {
  const [target, name] = [quoted(table), quoted(conname)];
  const [, columns] = /\bunique (\([^)]*\))/i.exec(sql) ?? [];
  if (contype === 'CONSTR_FOREIGN' || contype === 'CONSTR_CHECK') {
    inTransaction.up.push({ sql: `${sql} not valid` });
    outside.up.push({ sql: `alter table ${target} validate constraint ${name}` });
    const [, definition = ''] = /^.*? add (constraint .*)$/is.exec(sql) ?? [];
    outside.down.push({
      sql: `alter table ${target} drop constraint if exists ${name}, add ${definition} not valid`,
    });
  } else if (contype === 'CONSTR_UNIQUE' && columns !== undefined) {
    outside.up.push(
      { sql: `create unique index concurrently ${name} on ${target} ${columns}` },
      {
        sql: `do $$
begin
  if not exists (
    select from pg_constraint
    where conrelid = ${literal(await bare(table))}::regclass and conname = ${literal(conname)}
  ) then
    ${await laidOut(`alter table ${target} add constraint ${name} unique using index ${name}`)};
  end if;
end
$$`,
      },
    );
    outside.down.push({ sql: `alter table ${target} drop constraint if exists ${name}` });
    undone.add(`constraint ${table}.${conname}`);
  } else {
    impossible.push({ sql, reason: 'a key or an exclusion of a table with rows' });
  }
}

const LOSES = 'Its values are lost; the way back brings the column back without them.';

const REWRITES = 'Rewrites the table while it is locked, unless PostgreSQL sees that each value stays as it is.';

/** Commands that take a moment whatever is in the table. */
const HARMLESS = new Set(['AT_AddColumn', 'AT_DropNotNull', 'AT_ColumnDefault', 'AT_DropConstraint']);

const SERIAL = new Set(['serial', 'bigserial', 'smallserial']);

const HAS_VALUE = new Set(['CONSTR_DEFAULT', 'CONSTR_GENERATED', 'CONSTR_IDENTITY']);

type Column = NonNullable<NonNullable<AlterCommand['def']>['ColumnDef']>;

/** Whether rows that are there have no value for it, and need one. */
function needsFill({ typeName, constraints = [] }: Column): boolean {
  const kinds = constraints.map(({ Constraint }) => Constraint.contype);
  return (
    kinds.includes('CONSTR_NOTNULL') &&
    !kinds.some((kind) => HAS_VALUE.has(kind)) &&
    !SERIAL.has(typeName.names.at(-1)?.String.sval ?? '')
  );
}

/** NOT NULL without a long lock: the check is validated while others write, and spares SET NOT NULL its own look. */
async function fillAndRefuseNull({ up, down }: Ways, table: string, column: string): Promise<void> {
  const [target, name, check] = await Promise.all([table, column, `${table}_${column}_filled`].map(bare));
  up.push(unfinishedFill(table, column), {
    comment: 'In three transactions: the table is locked for a moment only, and read while others write.',
    sql: `do $$
begin
  alter table ${target} drop constraint if exists ${check};
  alter table ${target} add constraint ${check} check (${name} is not null) not valid;
  commit;
  alter table ${target} validate constraint ${check};
  commit;
  alter table ${target} alter column ${name} set not null;
  alter table ${target} drop constraint ${check};
end
$$`,
  });
  down.push({ sql: `alter table ${quoted(table)} alter column ${quoted(column)} drop not null` });
}

/** Stops whoever runs the file before its author has finished it. */
function unfinishedFill(table: string, column: string): DraftStatement {
  const message = `${table}.${column} is to be NOT NULL: say what the rows get that are there, in place of this`;
  return {
    comment: `Fill: put in its place what the rows get, e.g. update ${table} set ${column} = … where ${column} is null`,
    sql: `do $$\nbegin\n  raise exception ${literal(message)};\nend\n$$`,
  };
}

async function withoutNotNull(sql: string): Promise<string> {
  const { tokens } = await scan(sql);
  const at = tokens.findIndex(
    ({ text }, index) => text.toLowerCase() === 'not' && tokens[index + 1]?.text.toLowerCase() === 'null',
  );
  const bytes = Buffer.from(sql);
  const [before, after] = [bytes.subarray(0, tokens[at]!.start), bytes.subarray(tokens[at + 1]!.end)];
  return `${before.toString().trimEnd()}${after.toString()}`;
}

/** What a statement of MikroORM's way back undoes, by the words that `stage` notes. */
function undoneBy({ node, alter }: SingleCommand): string {
  const [gone, come] = [droppedIndex(node), node['IndexStmt'] as IndexStatement | undefined];
  if (gone !== undefined || come !== undefined) {
    return gone === undefined ? `no index ${come?.idxname}` : `index ${gone}`;
  }
  if (alter?.command.subtype === 'AT_DropConstraint') {
    return `constraint ${alter.table}.${alter.command.name}`;
  }
  return alter?.command.subtype === 'AT_DropNotNull' ? `null ${alter.table}.${alter.command.name}` : '';
}

async function wayBack(single: SingleCommand): Promise<DraftStatement[]> {
  const { sql, alter } = single;
  const column = alter?.command.def?.ColumnDef;
  if (alter?.command.subtype === 'AT_AddColumn' && column !== undefined && needsFill(column)) {
    const [target, name] = [quoted(alter.table), quoted(column.colname)];
    return [
      { sql: await withoutNotNull(sql) },
      unfinishedFill(alter.table, column.colname),
      { sql: `alter table ${target} alter column ${name} set not null` },
    ];
  }
  return [dropped(single) ?? { sql }];
}

interface DropStatement {
  removeType: string;
  objects: { List: { items: StringNode[] } }[];
}

function namesOf({ objects }: DropStatement): string[] {
  return objects.map(({ List }) => List.items.at(-1)!.String.sval);
}

function droppedIndex(node: Record<string, unknown>): string | undefined {
  const drop = node['DropStmt'] as DropStatement | undefined;
  return drop?.removeType === 'OBJECT_INDEX' ? namesOf(drop)[0] : undefined;
}

/** A drop that stops where something else still needs it, unlike MikroORM's. */
function dropped({ node }: SingleCommand): DraftStatement | undefined {
  const drop = node['DropStmt'] as DropStatement | undefined;
  if (drop?.removeType === 'OBJECT_TABLE') {
    return { sql: `drop table ${namesOf(drop).map(quoted).join(', ')}` };
  }
  return drop?.removeType === 'OBJECT_INDEX'
    ? { sql: `drop index ${namesOf(drop).map(quoted).join(', ')}` }
    : undefined;
}

/** MikroORM's way back makes each trigger of the database once more, and not as it is. */
const OF_OTHERS = new Set(['CreateFunctionStmt', 'CreateTrigStmt']);

/** The kinds of statements that say all that there is to say. */
const COMPLETE = new Set(['CreateStmt', 'AlterTableStmt', 'IndexStmt', 'DropStmt', 'RenameStmt', 'CommentStmt']);

function refusalOf(node: Record<string, unknown>): string | undefined {
  const kind = kindOf(node);
  return COMPLETE.has(kind) ? undefined : (REASONS[kind] ?? 'this kind of change');
}

function kindOf(node: Record<string, unknown>): string {
  return Object.keys(node)[0] ?? '';
}

const REASONS: Record<string, string> = {
  CreateEnumStmt: 'a type of its own, and how columns come to it',
  AlterEnumStmt: 'a value of a type, which no transaction can use that adds it',
  CreateExtensionStmt: 'an extension, which the server has to have',
};

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** For statements within statements, which are not laid out. */
function bare(name: string): Promise<string> {
  return laidOut(quoted(name));
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
