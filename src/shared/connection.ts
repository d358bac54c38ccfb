import { type ClassType, Field, ObjectType } from 'type-graphql';
import { badInput } from '../errors.js';
import { type CursorList, encodeCursor } from './cursor.js';

/** The largest page of any list. */
export const MAX_PAGE_SIZE = 100;

@ObjectType('PageInfo', {
  simpleResolvers: true,
  description: 'Where a page lies in its list, after the Relay Cursor Connections specification.',
})
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether the list goes on behind this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether the list has something before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null on an empty page.' })
  endCursor!: string | null;
}

export interface Edge<Node> {
  cursor: string;
  node: Node;
}

/** One page as resolvers return it. What a list adds (`totalCount`, `viewerEdge`) are functions: called only when selected. */
export interface Page<Node, E extends Edge<Node> = Edge<Node>> {
  edges: E[];
  nodes: Node[];
  pageInfo: PageInfo;
}

/** Base of a connection's edge type. */
export function edgeType<Node>(nodeType: () => ClassType): abstract new () => Edge<Node> {
  @ObjectType({ simpleResolvers: true })
  abstract class NodeEdge implements Edge<Node> {
    @Field(() => String, { description: 'Opaque place of this edge in its list, for after and before.' })
    cursor!: string;

    @Field(nodeType, { description: 'What the edge leads to.' })
    node!: Node;
  }
  return NodeEdge;
}

/** Base of a connection type. */
export function connectionType<Node, E extends Edge<Node>>(
  edge: () => ClassType,
  nodeType: () => ClassType,
): abstract new () => Page<Node, E> {
  @ObjectType({ simpleResolvers: true })
  abstract class NodeConnection implements Page<Node, E> {
    @Field(() => [edge()], { description: 'The page, with a cursor for each item.' })
    edges!: E[];

    @Field(() => [nodeType()], { description: 'The same page without the edges.' })
    nodes!: Node[];

    @Field(() => PageInfo, { description: 'Where the page lies in the list.' })
    pageInfo!: PageInfo;
  }
  return NodeConnection;
}

/**
 * The number of items to answer.
 * @param requested the argument as given
 * @param field the argument's name, for the error
 * @throws AppError BAD_USER_INPUT outside 1 to MAX_PAGE_SIZE
 */
export function pageSize(requested: number | null | undefined, byDefault: number, field = 'first'): number {
  if (requested === null || requested === undefined) {
    return byDefault;
  }
  if (requested < 1 || requested > MAX_PAGE_SIZE) {
    throw badInput(field, `${field} must be from 1 to ${MAX_PAGE_SIZE}.`);
  }
  return requested;
}

interface ForwardPage<Row, E extends Edge<unknown>> {
  list: CursorList;
  /** Up to `size` + 1 rows: one more than the page tells whether the list goes on. */
  rows: Row[];
  size: number;
  hasPreviousPage: boolean;
  keyOf: (row: Row) => string[];
  edgeOf: (row: Row, cursor: string) => E;
}

/** Cuts rows that were read in list order, one more than asked for, into a page. */
export function forwardPage<Row, E extends Edge<unknown>>(input: ForwardPage<Row, E>): Page<E['node'], E> {
  const edges = input.rows
    .slice(0, input.size)
    .map((row) => input.edgeOf(row, encodeCursor(input.list, input.keyOf(row))));
  return toPage(edges, input.rows.length > input.size, input.hasPreviousPage);
}

/** A page of these edges. */
export function toPage<E extends Edge<unknown>>(
  edges: E[],
  hasNextPage: boolean,
  hasPreviousPage: boolean,
): Page<E['node'], E> {
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
