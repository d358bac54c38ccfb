import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type GraphQLField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  getNamedType,
} from 'graphql';
import { Scope } from '../../src/admin/scope.js';
import { createSchema } from '../../src/schema.js';
import { errorsOf } from '../account/support.js';
import { makeKey, withKey } from '../admin/support.js';
import { hire } from '../staff/support.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';

const SCHEMA = createSchema();

/** What anybody may call, and how it answers what is made up here. Everything else takes somebody who is signed in. */
const PUBLIC_MUTATIONS: Readonly<Record<string, string | undefined>> = {
  register: 'BAD_USER_INPUT',
  login: 'UNAUTHENTICATED',
  refreshSession: 'UNAUTHENTICATED',
  verifyEmail: 'BAD_USER_INPUT',
  requestPasswordReset: 'SERVICE_UNAVAILABLE',
  resetPassword: 'BAD_USER_INPUT',
  completeSignIn: 'BAD_USER_INPUT',
};

/** What the game's own server may call by its key. */
const SERVICE_MUTATIONS = new Set(['submitScore', 'submitScores', 'deletePost']);

/** What is for admins alone, and for service keys with that scope; some of it for employees too, who no player here is. */
const ADMIN_MUTATIONS = new Set([
  'suspendUser',
  'restoreUser',
  'setRole',
  'voidScore',
  'createLeaderboard',
  'updateLeaderboard',
  'restorePost',
  'createEmployee',
  'updateEmployee',
  'deleteEmployee',
  'restoreEmployee',
  'createSchedule',
  'updateSchedule',
  'setScheduleStatus',
  'deleteSchedule',
  'restoreSchedule',
]);

/** What is for employees alone, by their own hand. */
const EMPLOYEE_MUTATIONS = new Set(['renewCalendar', 'withdrawCalendar']);

/** Root fields that tell only what everybody may know. */
const PUBLIC_QUERIES = new Set([
  'viewer',
  'user',
  'userByNickname',
  'users',
  'leaderboard',
  'leaderboards',
  'signInProviders',
  'post',
  'posts',
]);

/** Root fields for admins, and for service keys with the scope that they name. */
const ADMIN_QUERIES = new Set([
  'activeUsers',
  'auditLog',
  'suspensions',
  'employee',
  'employees',
  'schedule',
  'schedules',
]);

/** What everybody sees of a player. All else is null to others. */
const PUBLIC_USER_FIELDS = new Set(['id', 'nickname', 'pictureUrl', 'createdAt', 'viewerFriendship', 'standing']);

let server: TestServer;
let victim: Player;
let stranger: Player;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMITS: 'false' });
  victim = await server.player('victim');
  stranger = await server.player('stranger');
});
afterAll(() => server.close());

/** A value that the type takes, aimed at that player wherever there is an id. */
function valueFor(type: GraphQLInputType, target: Player): unknown {
  if (isNonNullType(type)) {
    return valueFor(type.ofType, target);
  }
  if (isListType(type)) {
    return [valueFor(type.ofType, target)];
  }
  if (isEnumType(type)) {
    return type.getValues()[0]!.name;
  }
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return Object.fromEntries(required.map((field) => [field.name, valueFor(field.type, target)]));
  }
  const made: Record<string, unknown> = {
    ID: target.id,
    String: 'x',
    Int: 1,
    Float: 1,
    Boolean: true,
    SafeInt: 1,
    EmailAddress: 'a@example.com',
    Date: '2000-01-01',
    DateTime: '2100-01-01T00:00:00.000Z',
    URL: 'https://example.com/',
    TimeZone: 'UTC',
  };
  if (!(type.name in made)) {
    throw new Error(`The attack knows no value of the type ${type.name}: add one.`);
  }
  return made[type.name];
}

type Field = GraphQLField<unknown, unknown>;

/** The field called with all that it must have. */
function call(
  kind: 'query' | 'mutation',
  field: Field,
  target: Player,
): { source: string; variables: Record<string, unknown> } {
  const required = field.args.filter((argument) => isNonNullType(argument.type));
  const declared = required.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = required.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection =
    isScalarType(getNamedType(field.type)) || isEnumType(getNamedType(field.type)) ? '' : '{ __typename }';
  return {
    source: `${kind} ${declared === '' ? '' : `(${declared})`} { ${field.name}${given === '' ? '' : `(${given})`} ${selection} }`,
    variables: Object.fromEntries(required.map(({ name, type }) => [name, valueFor(type, target)])),
  };
}

const fieldsOf = (name: string): Field[] => {
  const type = SCHEMA.getType(name);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
};

const mutations = fieldsOf('Mutation').map((field) => [field.name, field] as const);
const queries = fieldsOf('Query').map((field) => [field.name, field] as const);

async function codeOf(
  kind: 'query' | 'mutation',
  field: Field,
  as: Player | 'service' | null,
  target = victim,
): Promise<unknown> {
  const { source, variables } = call(kind, field, target);
  const answer = await server.graphql(source, variables, as);
  return errorsOf(answer)[0]?.['code'];
}

describe.each(mutations)('the mutation %s', (name, field) => {
  test('does nothing for nobody', async () => {
    const expected = name in PUBLIC_MUTATIONS ? PUBLIC_MUTATIONS[name] : 'UNAUTHENTICATED';
    expect(await codeOf('mutation', field, null)).toBe(expected);
  });

  test('is not for a service key, unless it says so', async () => {
    // What a key may do can make an end of whom it is aimed at.
    const code = await codeOf('mutation', field, 'service', await server.player());
    if (SERVICE_MUTATIONS.has(name) || ADMIN_MUTATIONS.has(name)) {
      expect(code).not.toBe('FORBIDDEN');
    } else if (!(name in PUBLIC_MUTATIONS)) {
      expect(code).toBe('FORBIDDEN');
    }
  });

  test('is not for a key that was made for something else', async () => {
    const { key } = await makeKey(server, [SERVICE_MUTATIONS.has(name) ? Scope.USERS_READ : Scope.SCORES_WRITE]);
    const { source, variables } = call('mutation', field, victim);
    const code = errorsOf(await withKey(server, key, source, variables))[0]?.['code'];
    if (!(name in PUBLIC_MUTATIONS)) {
      expect(code).toBe('FORBIDDEN');
    }
  });

  test('is not for a player where it is for admins', async () => {
    const code = await codeOf('mutation', field, await server.player());
    expect(code === 'FORBIDDEN').toBe(ADMIN_MUTATIONS.has(name) || EMPLOYEE_MUTATIONS.has(name));
  });

  test('refuses a token that is none', async () => {
    const { source, variables } = call('mutation', field, victim);
    const answer = await server.graphql(source, variables, { ...stranger, accessToken: `${stranger.accessToken}x` });
    expect(answer.data ?? null).toBeNull();
    expect(errorsOf(answer)).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
  });
});

describe.each(queries)('the query %s', (name, field) => {
  test('tells nobody what is private', async () => {
    const code = await codeOf('query', field, null);
    expect(code).toBe(PUBLIC_QUERIES.has(name) ? undefined : 'UNAUTHENTICATED');
  });

  test('tells a player nothing that is for admins', async () => {
    expect((await codeOf('query', field, stranger)) === 'FORBIDDEN').toBe(ADMIN_QUERIES.has(name));
  });

  test('refuses a key that is none', async () => {
    const { source, variables } = call('query', field, victim);
    const answer = await server.graphql(source, variables, null, { 'x-api-key': 'made up' });
    expect(errorsOf(answer)).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
  });
});

describe.each(fieldsOf('User').map((field) => [field.name, field] as const))('User.%s', (name, field) => {
  test.each([
    ['a stranger', () => stranger],
    ['nobody', () => null],
  ])('of somebody else, to %s', async (_who, as) => {
    const required = field.args.filter((argument) => isNonNullType(argument.type));
    const declared = required.map(({ name: argument, type }) => `, $${argument}: ${String(type)}`).join('');
    const given = required.map(({ name: argument }) => `${argument}: $${argument}`).join(', ');
    const selection = isObjectType(getNamedType(field.type)) ? '{ __typename }' : '';
    const { data, errors } = await server.graphql(
      `query ($victim: ID!${declared}) { user(id: $victim) { seen: ${name}${given === '' ? '' : `(${given})`} ${selection} } }`,
      {
        victim: victim.id,
        ...Object.fromEntries(required.map(({ name: argument, type }) => [argument, valueFor(type, victim)])),
      },
      as(),
    );
    expect(errors).toBeUndefined();
    if (!PUBLIC_USER_FIELDS.has(name)) {
      expect(data.user.seen).toBeNull();
    }
  });
});

test('nothing of an account is there for others, whatever it has', async () => {
  const fields = fieldsOf('Account').filter(({ args }) => !args.some(({ type }) => isNonNullType(type)));
  expect(fields.length).toBeGreaterThan(5);
  const selections = fields.map((field) => {
    const selection = isObjectType(getNamedType(field.type)) ? ' { __typename }' : '';
    return `${field.name}${selection}`;
  });
  for (const as of [stranger, null]) {
    const { data } = await server.graphql(
      `query ($victim: ID!) { user(id: $victim) { account { ${selections.join(' ')} } } }`,
      { victim: victim.id },
      as,
    );
    expect(data.user.account).toBeNull();
  }
});

test('nothing of an employee is there for others, whatever they have', async () => {
  const own = await hire(server);
  const fields = fieldsOf('Employee').filter(({ args }) => !args.some(({ type }) => isNonNullType(type)));
  expect(fields.length).toBeGreaterThan(5);
  const selections = fields.map((field) => {
    const selection = isObjectType(getNamedType(field.type)) ? ' { __typename }' : '';
    return `${field.name}${selection}`;
  });
  const source = `query ($id: ID!) { user(id: $id) { employee { ${selections.join(' ')} } } }`;
  expect((await server.graphql(source, { id: own.id }, own)).data.user.employee).not.toBeNull();
  for (const as of [await hire(server), stranger, null]) {
    const { data } = await server.graphql(source, { id: own.id }, as);
    expect(data.user.employee).toBeNull();
  }
});
