import {
  BREAK,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  isEnumType,
  isSpecifiedScalarType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
} from 'graphql';

/** Compiling takes about 0.15 ms a field: larger operations would hold up the requests beside them. */
const MAX_FIELDS = 200;

/**
 * graphql-jit 0.8.9 writes literals into the source text of a function and afterwards replaces certain markers in
 * that text, so that a string with a marker in it becomes code. Its markers have underscores, and code worth
 * writing has brackets; cursors, which have underscores, go in variables.
 */
const HARMLESS_TEXT = /^[A-Za-z0-9 .:-]*$/;

const INTROSPECTION = new Set(['__schema', '__type']);

/**
 * Whether the compiler answers that operation exactly as graphql-js does; docs/decisions/compiled-execution.md has
 * the reasons for each rule.
 * @param document validated, with the operation in it
 */
export function isEligible(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): boolean {
  return (
    operation.operation === OperationTypeNode.QUERY &&
    (operation.variableDefinitions ?? []).every((definition) => isPlainVariable(schema, definition)) &&
    !usesForbidden(document) &&
    countFields(document, operation.selectionSet) <= MAX_FIELDS
  );
}

/** Of a scalar that GraphQL itself defines, or of an enum; no list and no input object. */
function isPlainVariable(schema: GraphQLSchema, { type }: VariableDefinitionNode): boolean {
  const named = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  if (named.kind !== Kind.NAMED_TYPE) {
    return false;
  }
  const inputType = typeFromAST(schema, named);
  return inputType !== undefined && (isSpecifiedScalarType(inputType) || isEnumType(inputType));
}

/** Looks at the whole document, other operations and fragments too: simpler than following what is used. */
function usesForbidden(document: DocumentNode): boolean {
  let found = false;
  const refuse = (): typeof BREAK => {
    found = true;
    return BREAK;
  };
  visit(document, {
    Directive: refuse,
    StringValue: ({ value }) => (HARMLESS_TEXT.test(value) ? undefined : refuse()),
    // The compiler joins response names with underscores to tell fields apart, and `__proto__` is no plain key.
    Field: ({ name, alias }) =>
      INTROSPECTION.has(name.value) || alias?.value.includes('_') === true ? refuse() : undefined,
    ObjectValue: (object) => (hasVariable(object) ? refuse() : undefined),
    ListValue: (list) => (hasVariable(list) ? refuse() : undefined),
  });
  return found;
}

function hasVariable(value: Parameters<typeof visit>[0]): boolean {
  let found = false;
  visit(value, {
    Variable: () => {
      found = true;
      return BREAK;
    },
  });
  return found;
}

/** How many fields the compiler writes code for: those of a fragment count wherever it is spread. */
function countFields(document: DocumentNode, selectionSet: SelectionSetNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  const counted = new Map<string, number>();
  const countFragment = (name: string): number => {
    const known = counted.get(name);
    if (known !== undefined) {
      return known;
    }
    const fragment = fragments.get(name);
    const count = fragment === undefined ? 0 : countSelections(fragment.selectionSet);
    counted.set(name, count);
    return count;
  };
  const countSelections = ({ selections }: SelectionSetNode): number => {
    let count = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        count += countFragment(selection.name.value);
      } else {
        count += selection.kind === Kind.FIELD ? 1 : 0;
        count += selection.selectionSet === undefined ? 0 : countSelections(selection.selectionSet);
      }
    }
    return count;
  };
  return countSelections(selectionSet);
}
