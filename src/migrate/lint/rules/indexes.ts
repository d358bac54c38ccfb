import { alterTable, constraintsOf, listed, type Node, type RangeVar, tableOf } from '../nodes.js';
import type { LintedMigration } from '../statements.js';
import { type FoundFault, OUTSIDE_TRANSACTION } from './rule.js';

const RULE = 'index-not-concurrent';

/** An index of an existing table is built while nobody can write to it: by itself, or for a constraint. */
export function indexNotConcurrent({ statements }: LintedMigration): FoundFault[] {
  return statements.flatMap(({ number, text, node, newTables }) =>
    [...indexFaults(node, text, newTables), ...constraintFaults(node, newTables)].map((fault) => ({
      statement: number,
      rule: RULE,
      ...fault,
    })),
  );
}

type Explanation = Pick<FoundFault, 'message' | 'rewrite'>;

function indexFaults(node: Node, text: string, newTables: ReadonlySet<string>): Explanation[] {
  const index = node['IndexStmt'] as { relation: RangeVar; concurrent?: boolean } | undefined;
  if (index === undefined || index.concurrent === true || newTables.has(tableOf(index.relation))) {
    return [];
  }
  return [
    {
      message: `Nothing can write to ${tableOf(index.relation)} while its index is built.`,
      rewrite: `${OUTSIDE_TRANSACTION}\n${text.replace(/\bcreate\s+(unique\s+)?index\b/i, 'create $1index concurrently')};`,
    },
  ];
}

function constraintFaults(node: Node, newTables: ReadonlySet<string>): Explanation[] {
  const alter = alterTable(node);
  if (alter === undefined || newTables.has(alter.table)) {
    return [];
  }
  const { table } = alter;
  return alter.commands.flatMap(({ subtype, def }) => {
    const { ColumnDef: column, Constraint: constraint } = def ?? {};
    const added = subtype === 'AT_AddColumn' && column !== undefined ? constraintsOf(column) : [];
    const all = subtype === 'AT_AddConstraint' && constraint !== undefined ? [constraint] : added;
    return all
      .filter(({ contype, indexname }) => contype in KINDS && indexname === undefined)
      .map(({ contype, conname, keys }) => {
        const columns = column?.colname ?? listed(keys);
        const name =
          conname ?? `${table}_${columns.replaceAll(', ', '_')}_${contype === 'CONSTR_UNIQUE' ? 'key' : 'pkey'}`;
        return {
          message: `Nothing can read ${table} or write to it while the index of ${name} is built.`,
          rewrite: [
            OUTSIDE_TRANSACTION,
            `create unique index concurrently ${name} on ${table} (${columns});`,
            '-- in the next migration:',
            `alter table ${table} add constraint ${name} ${KINDS[contype]} using index ${name};`,
          ].join('\n'),
        };
      });
  });
}

const KINDS: Record<string, string> = { CONSTR_UNIQUE: 'unique', CONSTR_PRIMARY: 'primary key' };
