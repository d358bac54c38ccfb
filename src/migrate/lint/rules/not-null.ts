import type { KnownSchema } from '../known-schema.js';
import {
  alterTable,
  type AlterTableCommand,
  type ColumnDef,
  constraintsOf,
  findAll,
  type Node,
  type RangeVar,
  tableOf,
  typeText,
} from '../nodes.js';
import type { LintedMigration } from '../statements.js';
import { type FoundFault, OUTSIDE_TRANSACTION } from './rule.js';

const RULE = 'not-null-without-fill';

/** A column of an existing table becomes NOT NULL, and nothing has given its rows a value. */
export function notNullWithoutFill({ statements }: LintedMigration, schema: KnownSchema): FoundFault[] {
  const faults: FoundFault[] = [];
  const filled = new Set<string>();
  for (const { number, node, newTables } of statements) {
    columnsWritten(node).forEach((column) => filled.add(column));
    const alter = alterTable(node);
    for (const command of alter?.commands ?? []) {
      const { table } = alter!;
      const fault = newTables.has(table) ? undefined : faultOf(table, command, schema, filled);
      if (fault !== undefined) {
        faults.push({ statement: number, rule: RULE, ...fault });
      }
      if (command.def?.ColumnDef !== undefined && hasValue(command.def.ColumnDef)) {
        filled.add(`${table}.${command.def.ColumnDef.colname}`);
      }
    }
    schema.apply(node);
  }
  return faults;
}

function faultOf(
  table: string,
  { subtype, name = '', def }: AlterTableCommand,
  schema: KnownSchema,
  filled: ReadonlySet<string>,
): Pick<FoundFault, 'message' | 'rewrite'> | undefined {
  const column = def?.ColumnDef;
  if (subtype === 'AT_AddColumn' && column !== undefined && isNotNull(column) && !hasValue(column)) {
    return {
      message: `The rows that ${table} has get no value in ${column.colname}, which is NOT NULL: it fails unless the table is empty.`,
      rewrite: `alter table ${table} add column ${column.colname} ${typeText(column)};\n${filling(table, column.colname)}`,
    };
  }
  if (subtype === 'AT_SetNotNull' && !schema.isCheckedNotNull(table, name) && !isFilled(filled, table, name)) {
    return {
      message: `Nothing before it fills ${table}.${name} or checks it: it fails on the first row without a value.`,
      rewrite: filling(table, name),
    };
  }
  return undefined;
}

function filling(table: string, column: string): string {
  const check = `${table.replace('.', '_')}_${column}_not_null`;
  return [
    `update ${table} set ${column} = … where ${column} is null; -- of a large table, in batches`,
    `alter table ${table} add constraint ${check} check (${column} is not null) not valid;`,
    OUTSIDE_TRANSACTION,
    `alter table ${table} validate constraint ${check};`,
    '-- in the next migration:',
    `alter table ${table} alter column ${column} set not null;`,
    `alter table ${table} drop constraint ${check};`,
  ].join('\n');
}

function isNotNull(column: ColumnDef): boolean {
  return constraintsOf(column).some(({ contype }) => contype === 'CONSTR_NOTNULL' || contype === 'CONSTR_PRIMARY');
}

const VALUES = new Set(['CONSTR_DEFAULT', 'CONSTR_GENERATED', 'CONSTR_IDENTITY']);

/** Whether rows get a value as the column is added. */
function hasValue(column: ColumnDef): boolean {
  return constraintsOf(column).some(({ contype }) => VALUES.has(contype)) || typeText(column).includes('serial');
}

function isFilled(filled: ReadonlySet<string>, table: string, column: string): boolean {
  return filled.has(`${table}.${column}`) || [...filled].some((text) => isBlockThatFills(text, table, column));
}

/** Nobody parses the block: that it updates, and names both, is taken for a fill. */
function isBlockThatFills(block: string, table: string, column: string): boolean {
  return ['update', table, column].every((word) => new RegExp(`\\b${word}\\b`, 'i').test(block));
}

/** `table.column` of what UPDATEs set, and whole DO blocks. */
function columnsWritten(node: Node): string[] {
  const updates = findAll<{ relation: RangeVar; targetList?: { ResTarget: { name: string } }[] }>(node, 'UpdateStmt');
  const blocks = findAll<{ args?: { DefElem: { defname: string; arg?: { String?: { sval: string } } } }[] }>(
    node,
    'DoStmt',
  );
  return [
    ...updates.flatMap(({ relation, targetList = [] }) =>
      targetList.map(({ ResTarget }) => `${tableOf(relation)}.${ResTarget.name}`),
    ),
    ...blocks.flatMap(({ args = [] }) => args.map(({ DefElem }) => DefElem.arg?.String?.sval ?? '')),
  ];
}
