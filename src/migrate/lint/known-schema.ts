import { alterTable, type Node, type RangeVar, type StringNode, tableOf } from './nodes.js';
import { renamedTable } from './statements.js';

interface NotNullCheck {
  table: string;
  name: string | undefined;
  columns: string[];
  valid: boolean;
}

/**
 * What statements have said of the schema so far: checks that columns are not null, and the tables of indexes.
 * Goes through the whole history, so that one migration can build on another.
 */
export class KnownSchema {
  #checks: NotNullCheck[] = [];
  #indexes: { name: string; table: string }[] = [];

  /** As it is now; what either takes note of from here on, the other does not know. */
  copy(): KnownSchema {
    const copy = new KnownSchema();
    copy.#checks = this.#checks.map((check) => ({ ...check }));
    copy.#indexes = this.#indexes.map((index) => ({ ...index }));
    return copy;
  }

  /** Whether a check that holds for all rows says that the column is not null. */
  isCheckedNotNull(table: string, column: string): boolean {
    return this.#checks.some((check) => check.valid && check.table === table && check.columns.includes(column));
  }

  /** The table of an index that a statement has made; undefined where none has. */
  tableOfIndex(name: string): string | undefined {
    return this.#indexes.findLast((index) => index.name === name)?.table;
  }

  /** Takes note of what a statement does. */
  apply(node: Node): void {
    const index = node['IndexStmt'] as { idxname?: string; relation: RangeVar } | undefined;
    if (index?.idxname !== undefined) {
      this.#indexes.push({ name: index.idxname, table: tableOf(index.relation) });
    }
    const rename = renamedTable(node);
    if (rename !== undefined) {
      [...this.#checks, ...this.#indexes]
        .filter(({ table }) => table === rename.from)
        .forEach((known) => {
          known.table = rename.to;
        });
    }
    const alter = alterTable(node);
    for (const { subtype, name, def } of alter?.commands ?? []) {
      const table = alter!.table;
      if (subtype === 'AT_AddConstraint' && def?.Constraint?.contype === 'CONSTR_CHECK') {
        const { conname, raw_expr: expression, skip_validation: unchecked = false } = def.Constraint;
        this.#checks.push({ table, name: conname, columns: notNullColumns(expression), valid: !unchecked });
      } else if (subtype === 'AT_ValidateConstraint') {
        this.#checks.filter(isOf(table, name)).forEach((check) => {
          check.valid = true;
        });
      } else if (subtype === 'AT_DropConstraint') {
        const dropped = new Set(this.#checks.filter(isOf(table, name)));
        this.#checks = this.#checks.filter((check) => !dropped.has(check));
      }
    }
  }
}

function isOf(table: string, name: string | undefined): (check: NotNullCheck) => boolean {
  return (check) => check.table === table && check.name === name;
}

/** The columns of which a check says that they are not null. */
function notNullColumns(expression: Node | undefined): string[] {
  const test = expression?.['NullTest'] as
    | { nulltesttype: string; arg: { ColumnRef?: { fields: StringNode[] } } }
    | undefined;
  if (test?.nulltesttype === 'IS_NOT_NULL') {
    return test.arg.ColumnRef?.fields.slice(-1).map(({ String }) => String.sval) ?? [];
  }
  const both = expression?.['BoolExpr'] as { boolop: string; args: Node[] } | undefined;
  return both?.boolop === 'AND_EXPR' ? both.args.flatMap(notNullColumns) : [];
}
