import { literal, quoted } from '../identifier.js';
import type { NewTable } from '../new-table.js';
import type { PostgresTable } from '../postgres-tables.js';
import { definitionsFrom } from './definition.js';

/**
 * How tables of one PostgreSQL are made in another. What they have in common, such as types, comes with the first of
 * them; keys come with the last, when all rows are there.
 * @throws as definitionsFrom
 */
export async function newTablesFrom(url: string, tables: readonly PostgresTable[]): Promise<NewTable[]> {
  const { create, keys, references, sequences, problems } = await definitionsFrom(url, tables);
  // Made by this transaction, they go with it: so setval can be used.
  const positions = sequences.map(
    ({ name, last, called }) => `select setval(${literal(quoted(name))}, ${last}, ${called})`,
  );
  return tables.map((table, index) => ({
    name: table.name,
    create: index === 0 ? create : [],
    keys: index === tables.length - 1 ? [...keys, ...positions] : [],
    references: index === 0 ? references : [],
    rules: {
      uniques: [{ name: `${table.name}_pkey`, columns: table.primaryKey }, ...table.uniques]
        .filter(({ columns }) => columns.length > 0)
        .map(({ name, columns }) => ({ name, parts: columns.map(quoted) })),
      foreignKeys: table.foreignKeys.filter(
        (key) => key.references.schema === undefined && tables.some((other) => other.name === key.references.table),
      ),
      checks: [],
    },
    partitioned: table.partitioned,
    sequences: [],
    problems: problems.filter((problem) => problem.table === table.name),
  }));
}
