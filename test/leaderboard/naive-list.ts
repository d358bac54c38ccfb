import { ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import type { pageOfStandings } from './lists.js';
import type { Entry } from './support.js';

/** A microsecond apart, so that nobody can sort or page by milliseconds. As text they sort as in time. */
export const INSTANTS = ['2026-02-05 10:20:00.123456+00', '2026-02-05 10:20:00.123457+00', '2026-02-05 10:20:01+00'];

/** A standing as the naive list has it. */
export interface Place extends Entry {
  rank: number;
  position: number;
  tiedWith: number;
  percentile: number;
}

/** The season as anybody would write it down: sorted in memory, every rank counted by hand. */
export function naiveList(entries: Entry[], order: ScoreOrder): Place[] {
  const sign = order === ScoreOrder.HIGHER_IS_BETTER ? -1 : 1;
  return entries
    .toSorted(
      (a, b) =>
        sign * (a.score - b.score) || compareText(a.achievedAt, b.achievedAt) || compareText(a.userId, b.userId),
    )
    .map((entry, index) => {
      const better = entries.filter(({ score }) => sign * (score - entry.score) < 0).length;
      return {
        ...entry,
        rank: better + 1,
        position: index + 1,
        tiedWith: entries.filter(({ score }) => score === entry.score).length - 1,
        percentile: ((entries.length - better) / entries.length) * 100,
      };
    });
}

function compareText(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  return a < b ? -1 : 1;
}

/** What a page shows of its list and beyond; what an empty one tells of the list is left out. */
export function shown({ nodes, edges, pageInfo }: Awaited<ReturnType<typeof pageOfStandings>>) {
  return {
    nodes: nodes.map(({ userId, score: value, rank, position }) => ({ userId, value, rank, position })),
    edges: edges.map(({ node, rankInList }) => [node.userId, rankInList]),
    startsAtFirstEdge: pageInfo.startCursor === (edges[0]?.cursor ?? null),
    endsAtLastEdge: pageInfo.endCursor === (edges.at(-1)?.cursor ?? null),
    hasPreviousPage: edges.length > 0 && pageInfo.hasPreviousPage,
    hasNextPage: edges.length > 0 && pageInfo.hasNextPage,
  };
}

/** What `shown` makes of the page that has this slice of the naive list. */
export function sliced(list: Place[], slice: Place[]): ReturnType<typeof shown> {
  return {
    nodes: slice.map(({ userId, score: value, rank, position }) => ({ userId, value, rank, position })),
    edges: slice.map(({ userId, rank }) => [userId, rank]),
    startsAtFirstEdge: true,
    endsAtLastEdge: true,
    hasPreviousPage: slice.length > 0 && slice[0] !== list[0],
    hasNextPage: slice.length > 0 && slice.at(-1) !== list.at(-1),
  };
}
