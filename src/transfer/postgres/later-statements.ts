import type { ParsedStatement } from '../../migrate/parsed-sql.js';
import type { StringNode } from '../../migrate/single-commands.js';
import type { Problem } from '../new-table.js';
import { isOneOf, type Named } from './requirements.js';

/** What pg_dump makes after the load. */
export interface LaterStatements {
  keys: string[];
  references: string[];
  problems: Problem[];
}

/** A table, as PostgreSQL's parser has it. */
interface RangeVar {
  schemaname: string;
  relname: string;
}

interface ConstraintNode {
  contype: string;
  conname: string;
  pktable?: RangeVar;
  skip_validation?: true;
}

interface AlterCommand {
  subtype: string;
  def?: { Constraint?: ConstraintNode };
}

/** Those parts of statements that count here, by the kind of the statement. */
interface LaterNodes {
  AlterTableStmt?: { relation: RangeVar; cmds: [{ AlterTableCmd: AlterCommand }] };
  CommentStmt?: { objtype: string; object: { List?: { items: StringNode[] } } };
  CreateTrigStmt?: { trigname: string; relation: RangeVar };
  RuleStmt?: { rulename: string; relation: RangeVar };
  CreatePolicyStmt?: { policy_name: string; table: RangeVar };
}

/** What switches on and off what is not carried, and is told where it is made. */
const SWITCH = /^AT_(?:Enable|Disable)\w*(?:Trig|Rule)|^AT_ForceRowSecurity$/;

const UNCARRIED_TYPES = new Set(['OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY']);

/**
 * Sorts what pg_dump makes after the load.
 * @param moved tables that may be referred to
 */
export function sortLater(statements: readonly ParsedStatement[], moved: readonly Named[]): LaterStatements {
  const sorted: LaterStatements = { keys: [], references: [], problems: [] };
  /** Whether they are carried, by what comments call them. */
  const foreignKeys = new Map<string, boolean>();
  for (const { node, text } of statements) {
    const { AlterTableStmt: alter, CommentStmt: comment } = node as LaterNodes;
    const uncarried = uncarriedOf(node, moved);
    const key = foreignKeyOf(node);
    if (key !== undefined) {
      foreignKeys.set(
        nameOf([alter!.relation.schemaname, alter!.relation.relname, key.conname]),
        uncarried === undefined,
      );
    }
    const commented =
      comment && foreignKeys.get(nameOf(comment.object.List?.items.map(({ String: { sval } }) => sval)));
    const isLeftOut =
      commented === false ||
      UNCARRIED_TYPES.has(comment?.objtype ?? '') ||
      SWITCH.test(alter?.cmds[0].AlterTableCmd.subtype ?? '');
    if (uncarried !== undefined) {
      sorted.problems.push(uncarried);
    } else if (!isLeftOut) {
      sorted[key !== undefined || commented === true ? 'references' : 'keys'].push(validated(text, key));
    }
  }
  return sorted;
}

/** A foreign key that the source has never checked is checked here: rows without their parents are found. */
function validated(text: string, key: ConstraintNode | undefined): string {
  return key?.skip_validation === true ? text.replace(/\s+NOT VALID(?=;?\s*$)/, '') : text;
}

function nameOf(parts: readonly string[] | undefined): string {
  return JSON.stringify(parts);
}

function foreignKeyOf(node: LaterNodes): ConstraintNode | undefined {
  const constraint = node.AlterTableStmt?.cmds[0].AlterTableCmd.def?.Constraint;
  return constraint?.contype === 'CONSTR_FOREIGN' ? constraint : undefined;
}

/** What a statement makes and is not carried. */
function uncarriedOf(node: LaterNodes, moved: readonly Named[]): Problem | undefined {
  const { AlterTableStmt: alter, CreateTrigStmt: trigger, RuleStmt: rule, CreatePolicyStmt: policy } = node;
  const of = ({ relname }: RangeVar, what: string): Problem => ({ table: relname, column: null, what });
  if (trigger !== undefined) {
    return of(trigger.relation, `the trigger ${trigger.trigname} is not carried`);
  }
  if (rule !== undefined) {
    return of(rule.relation, `the rule ${rule.rulename} is not carried`);
  }
  if (policy !== undefined) {
    return of(policy.table, `the policy ${policy.policy_name} is not carried`);
  }
  if (alter?.cmds[0].AlterTableCmd.subtype === 'AT_EnableRowSecurity') {
    return of(alter.relation, 'row-level security is not carried: all who may read the table see all rows');
  }
  const { conname, pktable } = foreignKeyOf(node) ?? {};
  return pktable !== undefined && !isOneOf({ schema: pktable.schemaname, name: pktable.relname }, moved)
    ? of(alter!.relation, `the foreign key ${conname} refers to ${pktable.relname}, which is not moved`)
    : undefined;
}
