import { deleteFound, type GameCheck, repeatedRows, rowCheck, setCheck } from './game-check.js';
import type { StagedTable } from './shape.js';
import { MAX_INTEGER } from './staged-sql.js';

/** What can be wrong with the key of any of the tables. */
export function idChecks(staged: StagedTable): GameCheck[] {
  const { primaryKey } = staged.source;
  const isUnique = primaryKey.length === 1 && primaryKey[0] === 'id';
  return [
    rowCheck(staged, 't.id is null', { kind: 'null-values', column: 'id' }),
    rowCheck(staged, `coalesce(t.id not between -${MAX_INTEGER} and ${MAX_INTEGER}, false)`, {
      kind: 'numbers',
      column: 'id',
    }),
    ...(isUnique
      ? []
      : [
          setCheck(staged, repeatedRows(staged, ['t.id'], 't.row_no'), {
            kind: 'duplicates',
            column: 'id',
            repairs: { first: [deleteFound(staged)] },
          }),
        ]),
  ];
}
