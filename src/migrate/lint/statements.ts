import { MigrationError } from '../errors.js';
import type { MigrationFile } from '../history.js';
import { parseSql } from '../parsed-sql.js';
import { type Node, type RangeVar, type StringNode, tableOf, tableOfParts } from './nodes.js';
import { recordRun } from './recorded-run.js';

/** A statement of a migration's way up. */
export interface LintedStatement {
  /** From 1. */
  number: number;
  /** Without the semicolon. */
  text: string;
  node: Node;
  /** The tables that the migration has made before it, by their names at that point: nobody else knows them. */
  newTables: ReadonlySet<string>;
}

/** A migration's way up, parsed. */
export interface LintedMigration {
  file: MigrationFile;
  /** As they are written. */
  texts: string[];
  statements: LintedStatement[];
  /** Whether code in it asks the database, and whether it adds SQL beside. */
  mixed: boolean;
  /** What PostgreSQL's parser refuses: the statement's number, and its words. */
  refused: { number: number; message: string }[];
}

/** Parses what a migration sends on its way up; of code, what it would send as far as can be seen. */
export async function parseMigration(file: MigrationFile): Promise<LintedMigration> {
  const { usesDatabase, executed, queued } =
    file.up === null ? await recordRun(file) : { usesDatabase: false, executed: [], queued: file.up };
  const texts = [...executed, ...queued];
  const migration: LintedMigration = {
    file,
    texts,
    statements: [],
    mixed: usesDatabase && queued.length > 0,
    refused: [],
  };
  let newTables: ReadonlySet<string> = new Set();
  for (const [index, text] of texts.entries()) {
    const number = index + 1;
    try {
      for (const parsed of await parseSql(text)) {
        migration.statements.push({ number, text: parsed.text, node: parsed.node, newTables });
        newTables = newTablesAfter(parsed.node, newTables);
      }
    } catch (error) {
      if (!(error instanceof MigrationError)) {
        throw error;
      }
      // Values that code would have filled in can be missing.
      if (file.up !== null) {
        migration.refused.push({ number, message: error.message });
      }
    }
  }
  return migration;
}

function newTablesAfter(node: Node, before: ReadonlySet<string>): ReadonlySet<string> {
  const created = createdTable(node);
  if (created !== undefined) {
    return new Set([...before, created]);
  }
  const rename = renamedTable(node);
  if (rename !== undefined) {
    const others = [...before].filter((table) => table !== rename.from);
    return new Set(before.has(rename.from) ? [...others, rename.to] : others);
  }
  const drop = node['DropStmt'] as { removeType: string; objects: { List: { items: StringNode[] } }[] } | undefined;
  if (drop?.removeType === 'OBJECT_TABLE') {
    const dropped = new Set(drop.objects.map(({ List }) => tableOfParts(List.items)));
    return new Set([...before].filter((table) => !dropped.has(table)));
  }
  return before;
}

function createdTable(node: Node): string | undefined {
  const create = node['CreateStmt'] as { relation: RangeVar } | undefined;
  const createAs = node['CreateTableAsStmt'] as { into: { rel: RangeVar } } | undefined;
  const relation = create?.relation ?? createAs?.into.rel;
  return relation === undefined ? undefined : tableOf(relation);
}

/** The names before and after, where a statement renames a table. */
export function renamedTable(node: Node): { from: string; to: string } | undefined {
  const rename = node['RenameStmt'] as { renameType: string; relation: RangeVar; newname: string } | undefined;
  return rename?.renameType === 'OBJECT_TABLE'
    ? { from: tableOf(rename.relation), to: tableOf({ ...rename.relation, relname: rename.newname }) }
    : undefined;
}
