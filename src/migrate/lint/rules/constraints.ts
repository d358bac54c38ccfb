import { alterTable, type AlterTableCommand, type Constraint, constraintsOf, listed, tableOf } from '../nodes.js';
import type { LintedMigration } from '../statements.js';
import { type FoundFault, OUTSIDE_TRANSACTION } from './rule.js';

const RULES: Record<string, string> = {
  CONSTR_FOREIGN: 'foreign-key-not-valid',
  CONSTR_CHECK: 'check-not-valid',
};

/** A foreign key or a check is added to an existing table and all of its rows are read under the lock of the addition. */
export function constraintNotValid({ file, statements }: LintedMigration): FoundFault[] {
  const addedHere = new Map<string, string>();
  return statements.flatMap(({ number, text, node, newTables }) => {
    const alter = alterTable(node);
    if (alter === undefined || newTables.has(alter.table)) {
      return [];
    }
    const { table, commands } = alter;
    return commands.flatMap((command): FoundFault[] => {
      const checked = constraintsToCheck(command);
      for (const { contype, conname, skip_validation: unchecked } of checked) {
        if (unchecked === true && conname !== undefined) {
          addedHere.set(`${table}.${conname}`, RULES[contype]!);
        }
      }
      const rule = addedHere.get(`${table}.${command.name}`);
      if (command.subtype === 'AT_ValidateConstraint' && rule !== undefined && file.transactional) {
        return [validatedTooSoon(number, rule, table, command.name!)];
      }
      return checked
        .filter(({ skip_validation: unchecked }) => unchecked !== true)
        .map((constraint) => scans(number, table, constraint, commands.length === 1 ? text : undefined));
    });
  });
}

/** Those that all rows are held against; those of a new column only where the rows get a value in it. */
function constraintsToCheck({ subtype, def }: AlterTableCommand): Constraint[] {
  if (subtype === 'AT_AddConstraint' && def?.Constraint !== undefined) {
    return [def.Constraint].filter(({ contype }) => contype in RULES);
  }
  if (subtype !== 'AT_AddColumn' || def?.ColumnDef === undefined) {
    return [];
  }
  const column = def.ColumnDef;
  const all = constraintsOf(column);
  const hasDefault = all.some(({ contype }) => contype === 'CONSTR_DEFAULT');
  return all
    .filter(({ contype }) => contype === 'CONSTR_CHECK' || (contype === 'CONSTR_FOREIGN' && hasDefault))
    .map((constraint) => ({ fk_attrs: [{ String: { sval: column.colname } }], ...constraint }));
}

function validatedTooSoon(statement: number, rule: string, table: string, name: string): FoundFault {
  return {
    statement,
    rule,
    message: `${name} is validated in the transaction that adds it: nobody can write to ${table} until all rows are read.`,
    rewrite: `${OUTSIDE_TRANSACTION}\nalter table ${table} validate constraint ${name};`,
  };
}

function scans(statement: number, table: string, constraint: Constraint, text: string | undefined): FoundFault {
  const { contype, conname: name = '…' } = constraint;
  const addition = text === undefined || constraint.fk_attrs !== undefined ? definition(table, constraint) : text;
  return {
    statement,
    rule: RULES[contype]!,
    message: `Nobody can write to ${table} while all of its rows are held against ${name === '…' ? 'the constraint' : name}.`,
    rewrite: [`${addition} not valid;`, OUTSIDE_TRANSACTION, `alter table ${table} validate constraint ${name};`].join(
      '\n',
    ),
  };
}

function definition(
  table: string,
  { contype, conname = '…', fk_attrs: own, pktable, pk_attrs: theirs }: Constraint,
): string {
  const added = `alter table ${table} add constraint ${conname}`;
  if (contype === 'CONSTR_CHECK' || pktable === undefined) {
    return `${added} check (…)`;
  }
  const columns = theirs === undefined ? '' : ` (${listed(theirs)})`;
  return `${added} foreign key (${listed(own)}) references ${tableOf(pktable)}${columns}`;
}
