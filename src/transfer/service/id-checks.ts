import { deleteFound, type RowsCheck, repeatedRows, rowCheck, setCheck } from './checks.js';
import type { StagedTable } from './staged-table.js';
import { quoted } from '../identifier.js';
import { MAX_INTEGER } from './staged-sql.js';

/** What can be wrong with the key of any of the tables: an integer of 32 bits, which nobody else has. */
export function idChecks(staged: StagedTable): RowsCheck[] {
  const key = staged.table.primaryKey[0]!;
  const id = `t.${quoted(key)}`;
  const isUnique = staged.source.primaryKey.join() === key;
  return [
    rowCheck(staged, `${id} is null`, { kind: 'null-values', column: key }),
    rowCheck(staged, `coalesce(${id} not between -${MAX_INTEGER} and ${MAX_INTEGER}, false)`, {
      kind: 'numbers',
      column: key,
    }),
    ...(isUnique
      ? []
      : [
          setCheck(staged, repeatedRows(staged, [id], 't.row_no'), {
            kind: 'duplicates',
            column: key,
            repairs: { first: [deleteFound(staged)] },
          }),
        ]),
  ];
}
