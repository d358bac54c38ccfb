import type { KnownSchema } from './known-schema.js';
import {
  alterTable,
  type AlterTableCommand,
  type Constraint,
  constraintsOf,
  findAll,
  type Node,
  type RangeVar,
  type StringNode,
  tableOf,
  tableOfParts,
} from './nodes.js';

/** PostgreSQL's table locks by strength (manual, 13.3.1); only those that matter here. */
export enum LockMode {
  ROW_EXCLUSIVE = 3,
  SHARE_UPDATE_EXCLUSIVE = 4,
  /** From here on nobody else can write. */
  SHARE = 5,
  SHARE_ROW_EXCLUSIVE = 6,
  ACCESS_EXCLUSIVE = 8,
}

export interface TableLock {
  table: string;
  mode: LockMode;
}

/** The locks that a statement takes on tables, but for those that only reading takes. */
export function locksOf(node: Node, schema: KnownSchema): TableLock[] {
  return [...ofLock(node), ...ofAlter(node), ...ofDrop(node, schema), ...ofOthers(node), ...ofWrites(node)];
}

function ofLock(node: Node): TableLock[] {
  const lock = node['LockStmt'] as { relations: { RangeVar: RangeVar }[]; mode: number } | undefined;
  return (lock?.relations ?? []).map(({ RangeVar }) => ({ table: tableOf(RangeVar), mode: lock!.mode }));
}

function ofAlter(node: Node): TableLock[] {
  const alter = alterTable(node);
  if (alter !== undefined) {
    return alter.commands.flatMap((command) => [
      { table: alter.table, mode: modeOf(command) },
      ...referenced(command).map((table) => ({ table, mode: LockMode.SHARE_ROW_EXCLUSIVE })),
    ]);
  }
  const rename = node['RenameStmt'] as { renameType: string; relationType?: string; relation?: RangeVar } | undefined;
  const renamesInTable =
    rename?.renameType === 'OBJECT_TABLE' ||
    rename?.renameType === 'OBJECT_TABCONSTRAINT' ||
    (rename?.renameType === 'OBJECT_COLUMN' && rename.relationType === 'OBJECT_TABLE');
  return renamesInTable && rename.relation !== undefined
    ? [{ table: tableOf(rename.relation), mode: LockMode.ACCESS_EXCLUSIVE }]
    : [];
}

const WEAKER: Record<string, LockMode> = {
  AT_ValidateConstraint: LockMode.SHARE_UPDATE_EXCLUSIVE,
  AT_SetStatistics: LockMode.SHARE_UPDATE_EXCLUSIVE,
  AT_SetRelOptions: LockMode.SHARE_UPDATE_EXCLUSIVE,
  AT_ResetRelOptions: LockMode.SHARE_UPDATE_EXCLUSIVE,
  AT_AttachPartition: LockMode.SHARE_UPDATE_EXCLUSIVE,
  AT_EnableTrig: LockMode.SHARE_ROW_EXCLUSIVE,
  AT_DisableTrig: LockMode.SHARE_ROW_EXCLUSIVE,
};

function modeOf({ subtype, def }: AlterTableCommand): LockMode {
  if (subtype === 'AT_AddConstraint' && def?.Constraint?.contype === 'CONSTR_FOREIGN') {
    return LockMode.SHARE_ROW_EXCLUSIVE;
  }
  return WEAKER[subtype] ?? LockMode.ACCESS_EXCLUSIVE;
}

function referenced({ def }: AlterTableCommand): string[] {
  const column = def?.ColumnDef;
  const constraints = [
    ...(def?.Constraint === undefined ? [] : [def.Constraint]),
    ...(column === undefined ? [] : constraintsOf(column)),
  ];
  return constraints.flatMap(({ pktable }) => (pktable === undefined ? [] : tableOf(pktable)));
}

interface DropStatement {
  removeType: string;
  concurrent?: boolean;
  objects: { List: { items: StringNode[] } }[];
}

function ofDrop(node: Node, schema: KnownSchema): TableLock[] {
  const drop = node['DropStmt'] as DropStatement | undefined;
  if (drop === undefined || drop.concurrent === true) {
    return [];
  }
  const tables = drop.objects.flatMap((object): string[] => {
    const { items = [] } = (object as Partial<typeof object>).List ?? {};
    switch (drop.removeType) {
      case 'OBJECT_TABLE':
        return [tableOfParts(items)];
      case 'OBJECT_TRIGGER':
      case 'OBJECT_RULE':
      case 'OBJECT_POLICY':
        return [tableOfParts(items.slice(0, -1))];
      case 'OBJECT_INDEX':
        return [schema.tableOfIndex(items.at(-1)?.String.sval ?? '')].filter((table) => table !== undefined);
      default:
        return [];
    }
  });
  return tables.map((table) => ({ table, mode: LockMode.ACCESS_EXCLUSIVE }));
}

function ofOthers(node: Node): TableLock[] {
  const index = node['IndexStmt'] as { relation: RangeVar; concurrent?: boolean } | undefined;
  const trigger = node['CreateTrigStmt'] as { relation: RangeVar } | undefined;
  const truncate = node['TruncateStmt'] as { relations: { RangeVar: RangeVar }[] } | undefined;
  const created = 'CreateStmt' in node ? findAll<Constraint>(node, 'Constraint') : [];
  return [
    ...(index === undefined || index.concurrent === true
      ? []
      : [{ table: tableOf(index.relation), mode: LockMode.SHARE }]),
    ...(trigger === undefined ? [] : [{ table: tableOf(trigger.relation), mode: LockMode.SHARE_ROW_EXCLUSIVE }]),
    ...(truncate?.relations ?? []).map(({ RangeVar }) => ({
      table: tableOf(RangeVar),
      mode: LockMode.ACCESS_EXCLUSIVE,
    })),
    ...created.flatMap(({ pktable }) =>
      pktable === undefined ? [] : [{ table: tableOf(pktable), mode: LockMode.SHARE_ROW_EXCLUSIVE }],
    ),
  ];
}

const WRITES = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

function ofWrites(node: Node): TableLock[] {
  return WRITES.flatMap((kind) => findAll<{ relation: RangeVar }>(node, kind)).map(({ relation }) => ({
    table: tableOf(relation),
    mode: LockMode.ROW_EXCLUSIVE,
  }));
}

/**
 * Whether a statement can take the longer the more rows there are: it writes others than those it states, reads some,
 * builds an index of an existing table, or runs code.
 */
export function worksOnRows(node: Node, newTables: ReadonlySet<string>): boolean {
  const index = node['IndexStmt'] as { relation: RangeVar } | undefined;
  if (index !== undefined) {
    return !newTables.has(tableOf(index.relation));
  }
  const reads = findAll<{ fromClause?: unknown[] }>(node, 'SelectStmt').some(
    ({ fromClause = [] }) => fromClause.length > 0,
  );
  const isStatementOfRows = ['InsertStmt', 'SelectStmt', 'CreateTableAsStmt'].some((kind) => kind in node);
  return (
    (isStatementOfRows && reads) || ['UpdateStmt', 'DeleteStmt', 'MergeStmt', 'DoStmt'].some((kind) => kind in node)
  );
}
