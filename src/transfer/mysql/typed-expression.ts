import type { A_Const, A_Expr, CaseExpr, FuncCall, Node } from 'libpg-query';
import { literal, quoted } from '../identifier.js';
import type { ValueKind } from '../table.js';
import type { Scope, Wanted } from './expression.js';

/** What an expression has to know of a column. */
export interface TypedColumn {
  name: string;
  kind: ValueKind;
  members?: string[];
  sourceType?: string;
  range?: { max: bigint };
}

type Type =
  | 'integer'
  /** A whole number that has zeros in front as text: a year, or `zerofill`. */
  | 'padded'
  | 'decimal'
  | 'double'
  | 'text'
  | 'condition'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'instant'
  | 'flag'
  | 'null';

interface Typed {
  sql: string;
  type: Type | 'literal' | 'enum';
  /** Of a literal: what it says. */
  text?: string;
  /** Of an enum: what it can be. */
  members?: string[];
}

/** Thrown within this file alone: the expression has something that is not known to mean the same here. */
class Untranslatable extends Error {}

/** An expression of one type, being put together. */
export function typedSql(statement: unknown, scope: Scope, wanted: Wanted): string | null {
  const [target] =
    (statement as { SelectStmt?: { targetList?: { ResTarget: { val: Node } }[] } }).SelectStmt?.targetList ?? [];
  try {
    return target === undefined ? null : new Writer(scope).write(target.ResTarget.val, wanted);
  } catch (error) {
    if (error instanceof Untranslatable) {
      return null;
    }
    throw error;
  }
}

/** Types whose values can be compared with each other. */
const FAMILIES: Readonly<Partial<Record<Typed['type'], string>>> = {
  integer: 'number',
  padded: 'number',
  decimal: 'number',
  double: 'number',
  text: 'text',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  instant: 'instant',
};

/** Families that a column of a kind takes as its value. */
const FAMILY_OF_KIND: Readonly<Partial<Record<ValueKind, string>>> = {
  integer: 'number',
  decimal: 'number',
  real: 'number',
  double: 'number',
  text: 'text',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  instant: 'instant',
};

const COMPARISONS = new Set(['=', '<>', '<', '<=', '>', '>=']);
const ARITHMETIC = new Set(['+', '-', '*', '%', '/']);

class Writer {
  #columnsRead = 0;

  constructor(private readonly scope: Scope) {}

  write(node: Node, wanted: Wanted): string {
    if ('condition' in wanted) {
      return this.condition(node);
    }
    const typed = this.typed(node);
    if ('anything' in wanted) {
      return this.plain(typed).sql;
    }
    return this.valueOf(typed, wanted.column);
  }

  /** A value that the column takes. */
  private valueOf(typed: Typed, { kind, members }: TypedColumn): string {
    if (kind === 'boolean' && (typed.type === 'condition' || typed.type === 'flag')) {
      return typed.sql;
    }
    if (kind === 'integer' && typed.type === 'condition') {
      return `(${typed.sql})::integer`;
    }
    if (kind === 'enum' && typed.text !== undefined && members?.includes(typed.text) === true) {
      return typed.sql;
    }
    const family = FAMILY_OF_KIND[kind];
    if (typed.type === 'null') {
      return typed.sql;
    }
    if (family === undefined) {
      throw new Untranslatable();
    }
    const value = this.inFamily(typed, family);
    // Halves are rounded to the even number here.
    if (kind === 'integer' && value.type === 'double') {
      throw new Untranslatable();
    }
    return value.sql;
  }

  /** A condition: true, false or NULL. */
  private condition(node: Node): string {
    const { sql, type } = this.typed(node);
    if (type === 'condition' || type === 'flag') {
      return sql;
    }
    if (type === 'integer' || type === 'padded') {
      return `(${sql} <> 0)`;
    }
    throw new Untranslatable();
  }

  private typed(node: Node): Typed {
    if ('A_Const' in node) {
      return constant(node.A_Const);
    }
    if ('ColumnRef' in node) {
      const [field, ...more] = node.ColumnRef.fields ?? [];
      if (field === undefined || more.length > 0 || !('String' in field)) {
        throw new Untranslatable();
      }
      return this.column(field.String.sval ?? '');
    }
    if ('BoolExpr' in node) {
      const args = (node.BoolExpr.args ?? []).map((arg) => this.condition(arg));
      switch (node.BoolExpr.boolop) {
        case 'NOT_EXPR':
          return { sql: `(not ${args[0]})`, type: 'condition' };
        case 'AND_EXPR':
          return { sql: `(${args.join(' and ')})`, type: 'condition' };
        case 'OR_EXPR':
          return { sql: `(${args.join(' or ')})`, type: 'condition' };
        default:
          throw new Untranslatable();
      }
    }
    if ('NullTest' in node) {
      const { sql } = this.typed(node.NullTest.arg!);
      return { sql: `(${sql} is ${node.NullTest.nulltesttype === 'IS_NULL' ? '' : 'not '}null)`, type: 'condition' };
    }
    if ('A_Expr' in node) {
      return this.operator(node.A_Expr);
    }
    if ('CaseExpr' in node) {
      return this.cases(node.CaseExpr);
    }
    if ('CoalesceExpr' in node) {
      return this.firstOf(node.CoalesceExpr.args ?? []);
    }
    if ('FuncCall' in node) {
      return this.call(node.FuncCall);
    }
    throw new Untranslatable();
  }

  private column(name: string): Typed {
    const column = this.scope.columns.get(name);
    const sql = quoted(name);
    this.#columnsRead += 1;
    switch (column?.kind) {
      case 'integer':
        return { sql, type: integerTypeOf(column) };
      case 'decimal':
      case 'double':
      case 'text':
      case 'date':
      case 'time':
      case 'timestamp':
      case 'instant':
        return { sql, type: column.kind };
      case 'real':
        return { sql, type: 'double' };
      case 'boolean':
        return { sql, type: 'flag' };
      case 'enum':
        return { sql, type: 'enum', members: column.members ?? [] };
      default:
        throw new Untranslatable();
    }
  }

  private operator({ kind, name, lexpr, rexpr }: A_Expr): Typed {
    const [symbol] = (name ?? []).map((each) => ('String' in each ? each.String.sval! : ''));
    switch (kind) {
      case 'AEXPR_OP':
        if (lexpr === undefined) {
          return this.negative(symbol!, rexpr!);
        }
        if (COMPARISONS.has(symbol!)) {
          return this.comparison(lexpr, symbol!, rexpr!);
        }
        if (ARITHMETIC.has(symbol!)) {
          return this.arithmetic(lexpr, symbol!, rexpr!);
        }
        throw new Untranslatable();
      case 'AEXPR_NOT_DISTINCT':
        return this.comparison(lexpr!, 'is not distinct from', rexpr!);
      case 'AEXPR_IN': {
        const items = rexpr !== undefined && 'List' in rexpr ? (rexpr.List.items ?? []) : [];
        const [value, ...list] = this.compared([lexpr!, ...items]);
        return {
          sql: `(${value!.sql} ${symbol === '=' ? '' : 'not '}in (${list.map(({ sql }) => sql).join(', ')}))`,
          type: 'condition',
        };
      }
      case 'AEXPR_BETWEEN':
      case 'AEXPR_NOT_BETWEEN': {
        const bounds = rexpr !== undefined && 'List' in rexpr ? (rexpr.List.items ?? []) : [];
        const all = this.compared([lexpr!, ...bounds]);
        ordered(all);
        const [value, low, high] = all;
        return {
          sql: `(${value!.sql} ${kind === 'AEXPR_BETWEEN' ? '' : 'not '}between ${low!.sql} and ${high!.sql})`,
          type: 'condition',
        };
      }
      case 'AEXPR_LIKE': {
        const [value, pattern] = this.compared([lexpr!, rexpr!]);
        if (value!.type !== 'text') {
          throw new Untranslatable();
        }
        return { sql: `(${value!.sql} ${symbol === '~~' ? '' : 'not '}like ${pattern!.sql})`, type: 'condition' };
      }
      case 'AEXPR_NULLIF': {
        const [value, other] = this.compared([lexpr!, rexpr!]);
        return { ...value!, sql: `nullif(${value!.sql}, ${other!.sql})` };
      }
      default:
        throw new Untranslatable();
    }
  }

  private negative(symbol: string, operand: Node): Typed {
    const number = this.number(operand);
    if (symbol !== '-') {
      throw new Untranslatable();
    }
    return { ...number, sql: `(- ${number.sql})` };
  }

  private comparison(left: Node, symbol: string, right: Node): Typed {
    const operands = this.compared([left, right]);
    if (symbol !== '=' && symbol !== '<>' && symbol !== 'is not distinct from') {
      ordered(operands);
    }
    return { sql: `(${operands[0]!.sql} ${symbol} ${operands[1]!.sql})`, type: 'condition' };
  }

  private arithmetic(left: Node, symbol: string, right: Node): Typed {
    const operands = [this.number(left), this.number(right)];
    const type = widest(operands);
    // What DIV was: the operator `/` gives fractions there.
    if ((symbol === '/' || symbol === '%') && type !== 'integer') {
      throw new Untranslatable();
    }
    const [one, other] = operands.map(({ sql }) => (type === 'integer' ? `${sql}::bigint` : sql));
    // A division by zero is NULL there, and an error here.
    return { sql: `(${one} ${symbol} ${symbol === '/' || symbol === '%' ? `nullif(${other}, 0)` : other})`, type };
  }

  private cases({ arg, args = [], defresult }: CaseExpr): Typed {
    if (arg !== undefined) {
      throw new Untranslatable();
    }
    const whens = args.map((each) => {
      if (!('CaseWhen' in each)) {
        throw new Untranslatable();
      }
      return each.CaseWhen;
    });
    const results = this.unified([
      ...whens.map(({ result }) => result!),
      ...(defresult === undefined ? [] : [defresult]),
    ]);
    const branches = whens.map(({ expr }, index) => `when ${this.condition(expr!)} then ${results[index]!.sql}`);
    const otherwise = defresult === undefined ? '' : ` else ${results.at(-1)!.sql}`;
    return { sql: `(case ${branches.join(' ')}${otherwise} end)`, type: widest(results) };
  }

  private firstOf(args: Node[]): Typed {
    const values = this.unified(args);
    return { sql: `coalesce(${values.map(({ sql }) => sql).join(', ')})`, type: widest(values) };
  }

  private call({ funcname = [], args = [] }: FuncCall): Typed {
    const name = funcname.map((each) => ('String' in each ? each.String.sval! : '')).at(-1)!;
    const [first, second, third] = args;
    switch (`${name}/${args.length}`) {
      case 'ifnull/2':
        return this.firstOf(args);
      case 'if/3': {
        const results = this.unified([second!, third!]);
        return {
          sql: `(case when ${this.condition(first!)} then ${results[0]!.sql} else ${results[1]!.sql} end)`,
          type: widest(results),
        };
      }
      case 'lower/1':
      case 'lcase/1':
        return { sql: `lower(${this.collated(first!)})`, type: 'text' };
      case 'upper/1':
      case 'ucase/1':
        return { sql: `upper(${this.collated(first!)})`, type: 'text' };
      case 'btrim/1':
      case 'ltrim/1':
      case 'rtrim/1':
      case 'reverse/1':
        return { sql: `${name}(${this.text(first!)})`, type: 'text' };
      case 'char_length/1':
      case 'character_length/1':
        return { sql: `char_length(${this.text(first!)})`, type: 'integer' };
      case 'length/1':
      case 'octet_length/1':
        return { sql: `octet_length(${this.text(first!)})`, type: 'integer' };
      case 'left/2':
      case 'right/2':
        return { sql: `"${name}"(${this.text(first!)}, ${wholeNumber(second!, 0)})`, type: 'text' };
      case 'substr/2':
      case 'substring/2':
        return { sql: `substr(${this.text(first!)}, ${wholeNumber(second!, 1)})`, type: 'text' };
      case 'substr/3':
      case 'substring/3':
        return {
          sql: `substr(${this.text(first!)}, ${wholeNumber(second!, 1)}, ${wholeNumber(third!, 0)})`,
          type: 'text',
        };
      case 'replace/3':
        return { sql: `replace(${this.collated(first!)}, ${this.text(second!)}, ${this.text(third!)})`, type: 'text' };
      case 'abs/1': {
        const number = this.number(first!);
        return { ...number, sql: `abs(${number.sql})` };
      }
      case 'year/1':
      case 'month/1':
        return { sql: this.field(name, first!), type: 'integer' };
      case 'dayofmonth/1':
        return { sql: this.field('day', first!), type: 'integer' };
      default:
        return name === 'concat' && args.length > 0 ? this.joined(args) : refuse();
    }
  }

  /** NULL where one of them is NULL, as there. */
  private joined(args: Node[]): Typed {
    const texts = args.map((arg) => {
      const { sql, type } = this.typed(arg);
      return type === 'integer' ? sql : this.operand(arg, 'text').sql;
    });
    return { sql: `(${texts.map((text) => `${text}::text`).join(' || ')})`, type: 'text' };
  }

  private field(field: string, node: Node): string {
    const { sql, type } = this.typed(node);
    return type === 'date' || type === 'timestamp' ? `extract(${field} from ${sql})::integer` : refuse();
  }

  private text(node: Node): string {
    const { sql, type } = this.operand(node, 'text');
    return 'A_Const' in node ? `${sql}::${type}` : sql;
  }

  /** For a function that looks at letters: of constants alone PostgreSQL does not know by which collation. */
  private collated(node: Node): string {
    const before = this.#columnsRead;
    const sql = this.text(node);
    return this.#columnsRead > before ? sql : refuse();
  }

  private number(node: Node): Typed {
    const { sql, type } = this.operand(node, 'number');
    return { sql, type: type === 'padded' ? 'integer' : type };
  }

  /** What a function or operator is given: a bare NULL has no type that would choose one. */
  private operand(node: Node, family: string): Typed {
    const typed = this.inFamily(this.typed(node), family);
    return typed.type === 'null' ? refuse() : typed;
  }

  /** Values that are compared with each other. */
  private compared(nodes: Node[]): Typed[] {
    const operands = this.unified(nodes);
    return this.scope.textCompares || !operands.some(({ type }) => type === 'text') ? operands : refuse();
  }

  /** Values of one type, in their order. */
  private unified(nodes: Node[]): Typed[] {
    const all = nodes.map((node) => this.typed(node));
    const enums = all.find(({ type }) => type === 'enum');
    if (enums !== undefined) {
      return all.map((each) => (each === enums || isMember(each, enums) ? each : refuse()));
    }
    const family =
      all.map(({ type }) => (type === 'flag' ? 'number' : FAMILIES[type])).find((each) => each !== undefined) ??
      (all.some(({ type }) => type === 'literal') ? 'text' : refuse());
    return all.map((each) => this.inFamily(each, family));
  }

  private inFamily(typed: Typed, family: string): Typed {
    if (typed.type === 'null' || FAMILIES[typed.type] === family) {
      return typed;
    }
    if (typed.type === 'flag' && family === 'number') {
      return { sql: `${typed.sql}::integer`, type: 'integer' };
    }
    return typed.text === undefined ? refuse() : this.literalOf(typed.text, family);
  }

  private literalOf(text: string, family: string): Typed {
    switch (family) {
      case 'text':
        return { sql: literal(text), type: 'text' };
      case 'date':
        return isDay(text) ? { sql: `date ${literal(text)}`, type: 'date' } : refuse();
      case 'time':
        return isTimeOfDay(text) ? { sql: `time ${literal(text)}`, type: 'time' } : refuse();
      case 'timestamp': {
        const sql = isMoment(text) ? `timestamp ${literal(text)}` : refuse();
        const { timeZone } = this.scope;
        return { sql: timeZone === undefined ? sql : `(${sql} at time zone ${literal(timeZone)})`, type: 'timestamp' };
      }
      default:
        return refuse();
    }
  }

  /** A type of its own, for where any will do. */
  private plain(typed: Typed): Typed {
    return typed.type === 'literal' ? refuse() : typed;
  }
}

function constant({ ival, fval, sval, boolval, isnull }: A_Const): Typed {
  if (isnull === true) {
    return { sql: 'null', type: 'null' };
  }
  if (ival !== undefined) {
    return { sql: String(ival.ival ?? 0), type: 'integer' };
  }
  if (fval !== undefined) {
    const number = fval.fval!;
    if (/e/iu.test(number)) {
      return { sql: `${number}::double precision`, type: 'double' };
    }
    return { sql: number, type: /^-?\d{1,18}$/.test(number) ? 'integer' : 'decimal' };
  }
  if (sval !== undefined) {
    const text = sval.sval ?? '';
    return { sql: literal(text), type: 'literal', text };
  }
  return boolval === undefined ? refuse() : { sql: String(boolval.boolval ?? false), type: 'condition' };
}

/** Numbers that no `bigint` holds are computed as decimals. */
function integerTypeOf({ range, sourceType = '' }: TypedColumn): Type {
  if (range !== undefined && range.max >= 2n ** 63n) {
    return 'decimal';
  }
  return /^year|\bzerofill\b/u.test(sourceType) ? 'padded' : 'integer';
}

/** Whether a text is a day of the calendar, as PostgreSQL reads it. */
export function isDay(text: string): boolean {
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : null;
  return (
    date !== null && !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text) && !text.startsWith('0000')
  );
}

/** Whether a text is a date, with a time of day or without, as PostgreSQL reads it. */
export function isMoment(text: string): boolean {
  const [day, time, ...more] = text.split(' ');
  return isDay(day!) && (time === undefined || isTimeOfDay(time)) && more.length === 0;
}

/** Whether a text is a time of day, as PostgreSQL reads it. */
export function isTimeOfDay(text: string): boolean {
  return /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/.test(text);
}

function isMember({ type, text }: Typed, { members = [] }: Typed): boolean {
  return type === 'null' || (text !== undefined && members.includes(text));
}

/** Texts and enums have an order of their own on each side. */
function ordered(operands: readonly Typed[]): void {
  if (operands.some(({ type }) => type === 'text' || type === 'enum')) {
    throw new Untranslatable();
  }
}

function widest(operands: readonly Typed[]): Type {
  const types = operands.map(({ type }) => type).filter((type) => type !== 'null');
  const type = (['double', 'decimal', 'padded'] as const).find((wide) => types.includes(wide)) ?? types[0];
  return type === undefined || type === 'enum' || type === 'literal' ? refuse() : type;
}

function wholeNumber(node: Node, least: number): number {
  const value = 'A_Const' in node && node.A_Const.ival !== undefined ? (node.A_Const.ival.ival ?? 0) : -1;
  return value >= least ? value : refuse();
}

function refuse(): never {
  throw new Untranslatable();
}
