import { alterTable, findAll, type Node } from '../nodes.js';
import type { LintedMigration } from '../statements.js';
import { type FoundFault, OUTSIDE_TRANSACTION } from './rule.js';

const RULE = 'concurrently-in-transaction';

/** CONCURRENTLY inside a transaction, where PostgreSQL refuses it; or something else beside it outside of one. */
export function concurrentlyInTransaction({ file, statements }: LintedMigration): FoundFault[] {
  if (file.transactional) {
    return statements
      .filter(({ node }) => isConcurrent(node))
      .map(({ number, text }) => ({
        statement: number,
        rule: RULE,
        message: 'PostgreSQL refuses CONCURRENTLY inside a transaction, and this migration runs in one.',
        rewrite: `${OUTSIDE_TRANSACTION}\n${text};`,
      }));
  }
  return statements
    .filter(({ node }) => !isConcurrent(node) && !mayStandOutside(node))
    .map(({ number, text }) => ({
      statement: number,
      rule: RULE,
      message:
        'It runs outside a transaction, though it need not: it stays done when a later statement fails, and is sent again.',
      rewrite: `-- in a migration of its own, inside a transaction:\n${text};`,
    }));
}

function isConcurrent(node: Node): boolean {
  const index = node['IndexStmt'] as { concurrent?: boolean } | undefined;
  const drop = node['DropStmt'] as { concurrent?: boolean } | undefined;
  const reindex = node['ReindexStmt'] as { params?: { DefElem: { defname: string } }[] } | undefined;
  const detaches = alterTable(node) === undefined ? [] : findAll<{ concurrent?: boolean }>(node, 'PartitionCmd');
  return (
    index?.concurrent === true ||
    drop?.concurrent === true ||
    (reindex?.params ?? []).some(({ DefElem }) => DefElem.defname === 'concurrently') ||
    detaches.some(({ concurrent }) => concurrent === true)
  );
}

/** What PostgreSQL refuses in a transaction, what can commit by itself, and settings. */
const OUTSIDE = [
  'VacuumStmt',
  'ReindexStmt',
  'CreatedbStmt',
  'DropdbStmt',
  'AlterSystemStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterEnumStmt',
  'DoStmt',
  'CallStmt',
  'VariableSetStmt',
];

function mayStandOutside(node: Node): boolean {
  return OUTSIDE.some((kind) => kind in node) || onlyValidates(node) || fillsSomeRows(node);
}

/** What is filled is passed over when it is sent again. */
function fillsSomeRows(node: Node): boolean {
  const update = node['UpdateStmt'] as { whereClause?: Node } | undefined;
  return update?.whereClause !== undefined;
}

/** Outside a transaction the lock of the addition is gone, and a constraint that is valid already stays so. */
function onlyValidates(node: Node): boolean {
  return alterTable(node)?.commands.every(({ subtype }) => subtype === 'AT_ValidateConstraint') ?? false;
}
