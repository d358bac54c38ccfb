import { parseSql } from './parsed-sql.js';

/**
 * The tables that a statement names, to read, write or change them. Not seen is what functions and DO blocks do, nor
 * the table of an index that is dropped.
 */
export async function touchedTables(statement: string): Promise<string[]> {
  const names = new Set<string>();
  const temporary = new Set<string>();
  for (const { node } of await parseSql(statement)) {
    collect(node, names, temporary);
  }
  return [...names].filter((name) => !temporary.has(name)).toSorted();
}

function collect(node: unknown, names: Set<string>, temporary: Set<string>): void {
  if (Array.isArray(node)) {
    node.forEach((each) => collect(each, names, temporary));
    return;
  }
  if (typeof node !== 'object' || node === null) {
    return;
  }
  for (const [key, value] of Object.entries(node)) {
    if (key === 'relname') {
      names.add(value as string);
    } else if (key === 'ctename') {
      temporary.add(value as string);
    } else if (key === 'DropStmt') {
      droppedTables(value as DropStatement).forEach((name) => names.add(name));
    } else {
      collect(value, names, temporary);
    }
  }
}

interface DropStatement {
  removeType: string;
  objects: { List?: { items: { String: { sval: string } }[] } }[];
}

function droppedTables({ removeType, objects }: DropStatement): string[] {
  return removeType === 'OBJECT_TABLE' ? objects.flatMap(({ List }) => List?.items.at(-1)?.String.sval ?? []) : [];
}
