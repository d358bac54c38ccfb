import { getNamedType, type GraphQLArgument, type GraphQLInputField, type GraphQLSchema } from 'graphql';
import { isInputObjectType, isObjectType, defaultFieldResolver } from 'graphql';
import { badInput } from '../errors.js';
import { inputProblem } from './scalars.js';

/**
 * Makes every field of the schema check its arguments before it resolves: malformed text and scalar values
 * that mean nothing are BAD_USER_INPUT with the dotted path of the input. By construction this covers fields
 * that are added later.
 */
export function checkArguments(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) {
      continue;
    }
    for (const field of Object.values(type.getFields())) {
      if (field.args.length === 0) {
        continue;
      }
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = (source, values, context, info) => {
        for (const argument of field.args) {
          checkInput(argument, values[argument.name], argument.name);
        }
        return resolve(source, values, context, info);
      };
    }
  }
}

function checkInput(definition: GraphQLArgument | GraphQLInputField, value: unknown, path: string): void {
  if (value === null || value === undefined) {
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => checkInput(definition, item, `${path}.${index}`));
    return;
  }
  const type = getNamedType(definition.type);
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      checkInput(field, (value as Record<string, unknown>)[field.name], `${path}.${field.name}`);
    }
    return;
  }
  const problem = inputProblem(type.name, value);
  if (problem !== undefined) {
    throw badInput(path, problem);
  }
}
