import { expect, test } from '@jest/globals';
import { buildSchema, graphqlSync, type GraphQLResolveInfo } from 'graphql';
import { selects } from '../../src/shared/selection.js';

const schema = buildSchema(
  'type Query { list: List } type List { nodes: [Node] total: Int } type Node { user: User } type User { id: ID }',
);

/** What `selects` says of the field `list` in that query. */
function seen(source: string, ...paths: string[]): boolean {
  let result: boolean | undefined;
  const list = (_args: unknown, _context: unknown, info: GraphQLResolveInfo) => {
    result = selects(info, ...paths);
    return null;
  };
  const { errors } = graphqlSync({ schema, source, rootValue: { list } });
  expect(errors).toBeUndefined();
  return result!;
}

test.each([
  ['{ list { nodes { user { id } } } }', true],
  ['{ list { it: nodes { who: user { id } } } }', true],
  ['{ list { total } }', false],
  ['{ list { ... on List { nodes { ...N } } } } fragment N on Node { user { id } }', true],
  ['{ list { ...L } } fragment L on List { total ...M } fragment M on List { nodes { __typename } }', false],
  ['{ list { ...L nodes { ...N } } } fragment L on List { nodes { ...N } } fragment N on Node { user { id } }', true],
  ['{ list { total } list { nodes { user { id } } } }', true],
])('%s', (source, expected) => {
  expect(seen(source, 'nodes.user', 'edges.node.user')).toBe(expected);
});

test('fragments that spread each other many times are followed once', () => {
  const depth = 60;
  const fragments = Array.from({ length: depth }, (_, n) => `fragment F${n} on List { ...F${n + 1} ...F${n + 1} }`);
  const source = `{ list { ...F0 } } ${fragments.join(' ')} fragment F${depth} on List { total }`;
  expect(seen(source, 'nodes.user')).toBe(false);
});
