import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { ErrorReason } from '../src/errors.js';
import { createSchema, printSdl } from '../src/schema.js';

const file = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

const schema = createSchema();

test('the committed schema.graphql is what the code builds', () => {
  // After a change: npm run --silent laurel -- schema > schema.graphql
  expect(file('../schema.graphql')).toBe(printSdl(schema));
});

test('the guide for clients names every reason of an error', () => {
  const guide = file('../docs/guide.md');
  expect(Object.values(ErrorReason).filter((reason) => !guide.includes(`\`${reason}\``))).toEqual([]);
});

test('everything in the schema is described', () => {
  expect(undescribed(schema)).toEqual([]);
});

describe('the contract', () => {
  const contract = buildSchema(file('./fixtures/contract.graphql'));

  test('is contained in the schema', () => {
    expect(differences(contract, schema)).toEqual([]);
  });

  test('would be missed if it were not', () => {
    const changed = buildSchema(
      file('./fixtures/contract.graphql')
        .replace('type LogoutPayload { sessionsEnded: Int! }', 'type LogoutPayload { sessionsEnded: Int }')
        .replace('enum Role { USER ADMIN }', 'enum Role { USER }')
        .replace('logout(everywhere: Boolean! = false)', 'logout(everywhere: Boolean! = true)')
        .replace(
          'input LoginInput { email: EmailAddress! password: String! }',
          'input LoginInput { email: EmailAddress! password: String! otp: String! }',
        ),
    );
    expect(differences(contract, changed)).toEqual([
      'Role.ADMIN is missing',
      'Mutation.logout(everywhere): default false became true',
      'LoginInput.otp was added as a required input',
      'LogoutPayload.sessionsEnded: Int! became Int',
    ]);
  });
});

/** What a client of `contract` could not rely on with `schema`, a line each. */
function differences(contract: GraphQLSchema, actual: GraphQLSchema): string[] {
  return Object.values(contract.getTypeMap())
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => typeDifferences(type, actual.getType(type.name)));
}

function typeDifferences(wanted: GraphQLNamedType, actual: GraphQLNamedType | undefined): string[] {
  if (actual?.constructor !== wanted.constructor) {
    return [`${wanted.name} is missing`];
  }
  if (isEnumType(wanted) && isEnumType(actual)) {
    return wanted
      .getValues()
      .filter(({ name }) => actual.getValue(name) === undefined)
      .map(({ name }) => `${wanted.name}.${name} is missing`);
  }
  if (isInputObjectType(wanted) && isInputObjectType(actual)) {
    return inputDifferences(
      Object.values(wanted.getFields()),
      Object.values(actual.getFields()),
      (name) => `${wanted.name}.${name}`,
    );
  }
  if (isObjectType(wanted) && isObjectType(actual)) {
    return Object.values(wanted.getFields()).flatMap((field) => {
      const name = `${wanted.name}.${field.name}`;
      const found = actual.getFields()[field.name];
      if (found === undefined) {
        return [`${name} is missing`];
      }
      const type =
        String(found.type) === String(field.type)
          ? []
          : [`${name}: ${String(field.type)} became ${String(found.type)}`];
      return [...type, ...inputDifferences(field.args, found.args, (argument) => `${name}(${argument})`)];
    });
  }
  return [];
}

type Input = GraphQLArgument | GraphQLInputField;

function inputDifferences(
  wanted: readonly Input[],
  actual: readonly Input[],
  describeInput: (name: string) => string,
): string[] {
  const lost = wanted.flatMap((input) => {
    const name = describeInput(input.name);
    const found = actual.find((candidate) => candidate.name === input.name);
    if (found === undefined) {
      return [`${name} is missing`];
    }
    if (String(found.type) !== String(input.type)) {
      return [`${name}: ${String(input.type)} became ${String(found.type)}`];
    }
    return found.defaultValue === input.defaultValue
      ? []
      : [`${name}: default ${String(input.defaultValue)} became ${String(found.defaultValue)}`];
  });
  const demanded = actual

    .filter((input) => isRequiredArgument(input) || isRequiredInputField(input))
    .filter((input) => wanted.every(({ name }) => name !== input.name))
    .map((input) => `${describeInput(input.name)} was added as a required input`);
  return [...lost, ...demanded];
}

function undescribed(target: GraphQLSchema): string[] {
  return Object.values(target.getTypeMap())
    .filter(({ name }) => !name.startsWith('__') && !['String', 'Int', 'Float', 'Boolean', 'ID'].includes(name))
    .flatMap((type) => {
      const members = isObjectType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : [];
      const missing = members.filter(({ description }) => !description).map(({ name }) => `${type.name}.${name}`);
      const isRoot = type === target.getQueryType() || type === target.getMutationType();
      return type.description || isRoot ? missing : [type.name, ...missing];
    });
}
