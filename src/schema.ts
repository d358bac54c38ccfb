import 'reflect-metadata';
import { GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, registerEnumType } from 'type-graphql';
import { AccountResolver, UserAccountResolver } from './account/account.resolver.js';
import { ErrorCode, ErrorReason } from './errors.js';
import type { Context } from './context.js';
import { checkArguments } from './shared/arguments.js';
import { UserVisitResolver, VisitResolver } from './visit/visit.resolver.js';

registerEnumType(ErrorCode, {
  name: 'ErrorCode',
  description:
    'Members of `extensions.code`. Nothing refers to it; it is here so that clients can generate it. More may come.',
});
registerEnumType(ErrorReason, {
  name: 'ErrorReason',
  description: 'Members of `extensions.reason`, which tells apart the cases of one code. More may come.',
});

/** The executable schema. */
export function createSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [AccountResolver, UserAccountResolver, VisitResolver, UserVisitResolver],
    // Input is checked by checkArguments and by the services, which know more than a decorator.
    validate: false,
  });
  checkArguments(schema);
  forgetBeforeMutations(schema);
  return schema;
}

/** The schema as it is committed and published, in a stable order. */
export function printSdl(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

function forgetBeforeMutations(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    field.resolve = (source, values, context: Context, info) => {
      context.forgetLoaded();
      return resolve?.(source, values, context, info);
    };
  }
}
