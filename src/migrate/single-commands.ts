import { type ParsedStatement, parseSql } from './parsed-sql.js';
import { partsAt } from './sql-layout.js';

/** A statement, and what it is: for `alter table`, the one command that it has. */
export interface SingleCommand {
  sql: string;
  node: Record<string, unknown>;
  /** Undefined for anything but `alter table`. */
  alter: { table: string; command: AlterCommand } | undefined;
}

/** The parts of PostgreSQL's AlterTableCmd (parsenodes.h) that count here. */
export interface AlterCommand {
  subtype: string;
  name?: string;
  def?: {
    ColumnDef?: { colname: string; typeName: { names: StringNode[] }; constraints?: { Constraint: Constraint }[] };
    Constraint?: Constraint;
  };
}

export interface Constraint {
  contype: string;
  conname?: string;
}

export interface StringNode {
  String: { sval: string };
}

/** Parses SQL, with `alter table` of several commands as so many statements. */
export async function singleCommands(sql: string): Promise<SingleCommand[]> {
  const statements = await Promise.all((await parseSql(sql)).map(separate));
  return (await Promise.all(statements.flat().map((text) => parseSql(text)))).flat().map(toSingle);
}

async function separate({ node, text }: ParsedStatement): Promise<string[]> {
  const commands = (node['AlterTableStmt'] as { cmds: unknown[] } | undefined)?.cmds ?? [];
  if (commands.length < 2) {
    return [text];
  }
  const [, head = ''] = /^(alter table (?:"[^"]+"\.)?"[^"]+" )/.exec(text) ?? [];
  const { parts } = await partsAt(text.slice(head.length), 0);
  return parts.map((part) => head + part);
}

function toSingle({ node, text }: ParsedStatement): SingleCommand {
  const statement = node['AlterTableStmt'] as
    | { relation: { relname: string }; cmds: { AlterTableCmd: AlterCommand }[] }
    | undefined;
  const [first] = statement?.cmds ?? [];
  return {
    sql: text,
    node,
    alter: first === undefined ? undefined : { table: statement!.relation.relname, command: first.AlterTableCmd },
  };
}
