import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/** Bounds on what a document looks like; no operation of a game comes near them. */
export const shapeLimits = {
  /** Fields inside each other; introspection as tools send it has 15. */
  depth: 16,
  aliases: 100,
  directives: 50,
  /** Fields of Query in one operation. */
  queries: 50,
  /** Fields of Mutation: each is a transaction, one after the other. */
  mutations: 10,
};

/**
 * A validation rule that refuses documents of another shape than operations have. It looks at a document once: what is
 * valid is remembered. It comes after the rules of the specification and the bound on the fields that fragments make.
 */
export function limitShape(context: ValidationContext): ASTVisitor {
  let aliases = 0;
  let directives = 0;
  const refuse = (message: string): void => context.reportError(new GraphQLError(message));
  return {
    Field: ({ alias }) => {
      aliases += alias === undefined ? 0 : 1;
    },
    Directive: () => {
      directives += 1;
    },
    OperationDefinition: (operation) => {
      const { queries, mutations, depth: deepest } = shapeLimits;
      const { depth, fields } = measure(context, operation.selectionSet);
      if (depth > deepest) {
        refuse(`The operation is ${depth} fields deep; ${deepest} are allowed.`);
      }
      const allowed = isMutation(operation) ? mutations : queries;
      if (fields > allowed) {
        refuse(`The operation has ${fields} fields at its root; ${allowed} are allowed. Send several requests.`);
      }
    },
    Document: {
      leave: () => {
        if (aliases > shapeLimits.aliases) {
          refuse(`The document has ${aliases} aliases; ${shapeLimits.aliases} are allowed.`);
        }
        if (directives > shapeLimits.directives) {
          refuse(`The document has ${directives} directives; ${shapeLimits.directives} are allowed.`);
        }
      },
    },
  };
}

function isMutation({ operation }: OperationDefinitionNode): boolean {
  return operation === OperationTypeNode.MUTATION;
}

/** How deep the selections go, and how many fields they are, with fragments written out. */
function measure(context: ValidationContext, { selections }: SelectionSetNode): { depth: number; fields: number } {
  let depth = 0;
  let fields = 0;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const below = selection.selectionSet === undefined ? 0 : measure(context, selection.selectionSet).depth;
      depth = Math.max(depth, 1 + below);
      fields += 1;
      continue;
    }
    const spread = selection.kind === Kind.INLINE_FRAGMENT ? selection : context.getFragment(selection.name.value);
    if (spread) {
      const inside = measure(context, spread.selectionSet);
      depth = Math.max(depth, inside.depth);
      fields += inside.fields;
    }
  }
  return { depth, fields };
}
