import { type Arbitrary, constantFrom, gen, type GeneratorValue, integer } from 'fast-check';
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** An operation as a client could send it, valid or not. */
export interface GeneratedOperation {
  source: string;
  variables: Record<string, unknown>;
}

/** Values for arguments by the names of their types: some that mean something, some that do not, some of another type. */
export type ValuePool = Record<string, readonly unknown[]>;

const MAX_DEPTH = 7;
const ALIASES = ['x', 'y', 'constructor', 'my_alias'];

/** Queries over the schema: fragments, aliases, nulls, literals, variables, directives; right and wrong ones. */
export function arbitraryQuery(schema: GraphQLSchema, pool: ValuePool): Arbitrary<GeneratedOperation> {
  return gen().map((generate) => new Writer(schema, pool, generate).write());
}

class Writer {
  readonly #declared = new Map<string, string>();
  readonly #variables: Record<string, unknown> = {};
  readonly #fragments: string[] = [];

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly pool: ValuePool,
    private readonly generate: GeneratorValue,
  ) {}

  write(): GeneratedOperation {
    const selection = this.selection(this.schema.getQueryType()!, MAX_DEPTH);
    const declarations = [...this.#declared].map(([name, type]) => `$${name}: ${type}`);
    const head = declarations.length === 0 ? 'query' : `query (${declarations.join(', ')})`;
    return { source: [`${head} ${selection}`, ...this.#fragments].join('\n'), variables: this.#variables };
  }

  private selection(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields()).filter(
      (field) => depth > 1 || !isObjectType(getNamedType(field.type)),
    );
    const count = this.between(1, 4);
    const selections = Array.from({ length: count }, () => {
      // Below a certain depth, a type can have none.
      const field = fields[this.between(0, Math.max(fields.length - 1, 0))];
      return field === undefined || this.chance(4)
        ? '__typename'
        : this.inFragment(type, this.field(field.name, type, depth));
    });
    return `{ ${selections.join(' ')} }`;
  }

  private field(name: string, parent: GraphQLObjectType, depth: number): string {
    const field = parent.getFields()[name]!;
    const type = getNamedType(field.type);
    const alias = this.chance(15) ? `${this.oneOf(ALIASES)}: ` : '';
    const directive = this.chance(1) ? ` @include(if: ${this.oneOf(['true', 'false'])})` : '';
    const children = isObjectType(type) ? ` ${this.selection(type, depth - 1)}` : '';
    return `${alias}${name}${this.args(field.args)}${directive}${children}`;
  }

  private inFragment(type: GraphQLObjectType, selection: string): string {
    if (this.chance(5)) {
      return `... on ${type.name} { ${selection} }`;
    }
    if (this.chance(5)) {
      return `... { ${selection} }`;
    }
    if (this.chance(8)) {
      const name = `f${this.#fragments.length}`;
      this.#fragments.push(`fragment ${name} on ${type.name} { ${selection} }`);
      return this.chance(20) ? `...${name} ...${name}` : `...${name}`;
    }
    return selection;
  }

  private args(args: readonly GraphQLArgument[]): string {
    const given = args
      .filter(({ type }) => (isNonNullType(type) ? !this.chance(2) : this.chance(45)))
      .map((argument) => `${argument.name}: ${this.argument(argument)}`);
    return given.length === 0 ? '' : `(${given.join(', ')})`;
  }

  private argument({ name, type }: GraphQLArgument): string {
    const value = this.value(type);
    if (this.chance(50)) {
      return literal(value, type);
    }
    const variable = `${name}${this.#declared.size}`;
    this.#declared.set(variable, this.chance(5) ? 'String' : type.toString());
    if (!this.chance(8)) {
      this.#variables[variable] = value;
    }
    return `$${variable}`;
  }

  private value(type: GraphQLInputType): unknown {
    const named = getNamedType(type);
    if (this.chance(4)) {
      return this.oneOf([null, 'x', 1.5, true]);
    }
    const value = isEnumType(named)
      ? this.oneOf(named.getValues().map((entry) => entry.name))
      : this.oneOf(this.pool[named.name] ?? ['x']);
    return isListType(type) ? [value] : value;
  }

  private oneOf<T>(values: readonly T[]): T {
    return this.generate(constantFrom, ...values);
  }

  private between(min: number, max: number): number {
    return this.generate(integer, { min, max });
  }

  private chance(percent: number): boolean {
    return this.between(1, 100) > 100 - percent;
  }
}

function literal(value: unknown, type: GraphQLInputType): string {
  return isEnumType(getNamedType(type)) && typeof value === 'string' ? value : JSON.stringify(value);
}
