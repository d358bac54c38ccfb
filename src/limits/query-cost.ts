import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isListType,
  isObjectType,
  Kind,
  type DocumentNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { MAX_PAGE_SIZE } from '../shared/connection.js';
import { MAX_DAYS } from '../visit/date-range.js';

type Variables = Readonly<Record<string, unknown>>;

/** A number, or where it depends on variables, how it does. */
export type Cost = number | ((variables: Variables) => number);

/** Taken for a page whose size is not given; no list's default is larger. */
const DEFAULT_PAGE_SIZE = 50;
const MAX_RADIUS = 50;

/** What takes more than a field: the longest content of a post is as long as the answers to thousands of fields. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'Post.content': 400,
  'Schedule.description': 40,
  'Schedule.purpose': 40,
  'Schedule.result': 40,
  'Schedule.followUp': 40,
};
const MILLISECONDS_PER_DAY = 86_400_000;

/**
 * What an operation can cost: the number of fields that its answer has where every list is as long as it can be, some of which
 * weigh more than others.
 * @param document validated, with the operation in it, and with a bounded number of fields once all fragments are
 *   written out
 */
export function costOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): Cost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  const defaults = new Map<string, unknown>();
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    defaults.set(variable.name.value, defaultValue === undefined ? undefined : literal(defaultValue));
  }

  /** @param pageSize of the connection that the selections are of, if they are */
  const ofSelections = (type: GraphQLNamedType, { selections }: SelectionSetNode, pageSize?: Cost): Cost =>
    selections.reduce<Cost>((sum, selection) => {
      switch (selection.kind) {
        case Kind.FIELD:
          return plus(sum, ofField(type, selection, pageSize));
        case Kind.INLINE_FRAGMENT: {
          const condition = selection.typeCondition?.name.value;
          const narrowed = condition === undefined ? type : (schema.getType(condition) ?? type);
          return plus(sum, ofSelections(narrowed, selection.selectionSet, pageSize));
        }
        default: {
          const fragment = fragments.get(selection.name.value);
          const narrowed = schema.getType(fragment?.typeCondition.name.value ?? '');
          return fragment === undefined || narrowed === undefined
            ? sum
            : plus(sum, ofSelections(narrowed, fragment.selectionSet, pageSize));
        }
      }
    }, 0);

  const ofField = (parent: GraphQLNamedType, node: FieldNode, pageSize?: Cost): Cost => {
    const field = isObjectType(parent) ? parent.getFields()[node.name.value] : undefined;
    // Of what is asked about the schema itself, graphql-js bounds the depth, and the lists are what they are.
    if (field === undefined) {
      return 1;
    }
    const type = getNamedType(field.type);
    const own = ownSize(field, node, defaults);
    const isList = isListType(getNullableType(field.type));
    const one = plus(
      1,
      node.selectionSet === undefined ? 0 : ofSelections(type, node.selectionSet, isList ? undefined : own),
    );
    const weight = WEIGHTS[`${parent.name}.${field.name}`] ?? 0;
    return plus(weight, isList ? times(own ?? pageSize ?? MAX_PAGE_SIZE, one) : one);
  };

  const root = schema.getRootType(operation.operation);
  return root ? ofSelections(root, operation.selectionSet) : 0;
}

/** How many items the arguments of a list or connection let it have; undefined for a field that they do not tell of. */
function ownSize(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  defaults: Map<string, unknown>,
): Cost | undefined {
  const names = new Set(field.args.map(({ name }) => name));
  const given = new Map(node.arguments?.map(({ name, value }) => [name.value, value]));
  const sizeFrom = (read: (argument: (name: string) => unknown) => number): Cost => {
    const depends = [...names].some((name) => given.get(name)?.kind === Kind.VARIABLE);
    const size = (variables: Variables) => read((name) => valueOf(given.get(name), variables, defaults));
    return depends ? size : size({});
  };
  if (names.has('radius')) {
    return sizeFrom((argument) => 2 * clamped(argument('radius') ?? 5, MAX_RADIUS) + 1);
  }
  if (names.has('first')) {
    return sizeFrom((argument) => clamped(argument('last') ?? argument('first') ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE));
  }
  if (names.has('from') && names.has('to')) {
    return sizeFrom((argument) => daysBetween(argument('from'), argument('to')));
  }
  return undefined;
}

/** What is out of range is refused when it is executed; until then it counts as the most there can be. */
function clamped(size: unknown, most: number): number {
  return typeof size === 'number' && size >= 1 && size <= most ? size : most;
}

function daysBetween(from: unknown, to: unknown): number {
  const days = (Date.parse(String(to)) - Date.parse(String(from))) / MILLISECONDS_PER_DAY + 1;
  return clamped(days, MAX_DAYS);
}

function valueOf(value: ValueNode | undefined, variables: Variables, defaults: Map<string, unknown>): unknown {
  if (value?.kind !== Kind.VARIABLE) {
    return value === undefined ? undefined : literal(value);
  }
  const given = variables[value.name.value];
  return given === undefined ? defaults.get(value.name.value) : given;
}

/** Numbers and text as they are, null as undefined, which is how an argument that is left out reads. */
function literal(value: ValueNode): unknown {
  switch (value.kind) {
    case Kind.INT:
      return Number(value.value);
    case Kind.STRING:
      return value.value;
    default:
      return undefined;
  }
}

function plus(one: Cost, other: Cost): Cost {
  return combined(one, other, (a, b) => a + b);
}

function times(one: Cost, other: Cost): Cost {
  return combined(one, other, (a, b) => a * b);
}

function combined(one: Cost, other: Cost, combine: (a: number, b: number) => number): Cost {
  return typeof one === 'number' && typeof other === 'number'
    ? combine(one, other)
    : (variables) => combine(evaluate(one, variables), evaluate(other, variables));
}

/** The cost with these variables. */
export function evaluate(cost: Cost, variables: Variables): number {
  return typeof cost === 'number' ? cost : cost(variables);
}
