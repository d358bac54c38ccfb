/** A node of the parse tree, by the names of PostgreSQL's parsenodes.h; what is false or empty is left out. */
export type Node = Record<string, unknown>;

export interface RangeVar {
  schemaname?: string;
  relname: string;
}

export interface StringNode {
  String: { sval: string };
}

export interface Constraint {
  contype: string;
  conname?: string;
  /** Of a check. */
  raw_expr?: Node;
  /** Of a unique constraint or a primary key. */
  keys?: StringNode[];
  /** The index that it is made of, where there is one already. */
  indexname?: string;
  pktable?: RangeVar;
  fk_attrs?: StringNode[];
  pk_attrs?: StringNode[];
  /** NOT VALID. */
  skip_validation?: boolean;
}

export interface ColumnDef {
  colname: string;
  typeName?: { names?: StringNode[]; typmods?: { A_Const: { ival?: { ival?: number } } }[]; arrayBounds?: unknown[] };
  constraints?: { Constraint: Constraint }[];
}

export interface AlterTableCommand {
  subtype: string;
  name?: string;
  def?: { ColumnDef?: ColumnDef; Constraint?: Constraint };
}

/** What an ALTER TABLE does, and to which table; undefined for any other statement. */
export function alterTable(node: Node): { table: string; commands: AlterTableCommand[] } | undefined {
  const alter = node['AlterTableStmt'] as
    | { relation: RangeVar; objtype?: string; cmds?: { AlterTableCmd: AlterTableCommand }[] }
    | undefined;
  return alter?.objtype === 'OBJECT_TABLE'
    ? { table: tableOf(alter.relation), commands: (alter.cmds ?? []).map(({ AlterTableCmd }) => AlterTableCmd) }
    : undefined;
}

/** A table's name; without its schema, where that is the usual one. */
export function tableOf({ schemaname, relname }: RangeVar): string {
  return schemaname === undefined || schemaname === 'public' ? relname : `${schemaname}.${relname}`;
}

/** As tableOf, of a name in parts. */
export function tableOfParts(parts: readonly StringNode[]): string {
  const [relname = '', schemaname] = parts.map(({ String }) => String.sval).toReversed();
  return tableOf(schemaname === undefined ? { relname } : { relname, schemaname });
}

/** All nodes of a kind, however deep. */
export function findAll<T>(node: unknown, kind: string): T[] {
  if (node === null || typeof node !== 'object') {
    return [];
  }
  return Object.entries(node).flatMap(([key, value]) => [
    ...(key === kind ? [value as T] : []),
    ...findAll<T>(value, kind),
  ]);
}

/** The constraints that come with a new column, by their kinds. */
export function constraintsOf({ constraints = [] }: ColumnDef): Constraint[] {
  return constraints.map(({ Constraint: constraint }) => constraint);
}

/** A column's type as it can be written again. */
export function typeText({ typeName }: ColumnDef): string {
  const name = typeName?.names?.at(-1)?.String.sval ?? 'text';
  const modifiers = (typeName?.typmods ?? []).map(({ A_Const }) => A_Const.ival?.ival ?? 0);
  return `${name}${modifiers.length === 0 ? '' : `(${modifiers.join(', ')})`}${'[]'.repeat(typeName?.arrayBounds?.length ?? 0)}`;
}

/** Names for a list in SQL. */
export function listed(names: readonly StringNode[] = []): string {
  return names.map(({ String }) => String.sval).join(', ');
}
