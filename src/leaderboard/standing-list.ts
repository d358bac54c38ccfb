import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import type { UserRow } from '../account/user.type.js';
import { sql } from '../database/query.js';
import { querySharing } from '../database/shared-query.js';
import type { toPage } from '../shared/connection.js';
import type { PlacedStanding } from './rank.js';
import type { StandingEdge } from './standing.type.js';

/** One page of standings; what else a connection has is added by the resolver. */
export type StandingPage = ReturnType<typeof toPage<StandingEdge>>;

/** A row of any list of standings. In a list of everybody, the place is that of the first row. */
export interface ListRow extends PlacedStanding {
  hasNext: boolean;
  /** Null in a list of everybody, where it is the rank. */
  rankInList: number | null;
}

/** A page to be read from some list of standings. */
export interface StandingList {
  /** Answers ListRows. */
  statement: RawBuilder<ListRow>;
  /** @param rows what the statement has answered, in the season's order */
  toPage: (em: SqlEntityManager, rows: readonly ListRow[]) => StandingPage | Promise<StandingPage>;
  /** Whether the users are read along. */
  withUsers: boolean;
}

type JoinedRow = ListRow & Omit<UserRow, 'id'> & { list: number };

/**
 * Reads pages of any lists of standings in one statement.
 * @param onUser is told each user that was read along
 */
export async function readStandingLists(
  em: SqlEntityManager,
  lists: readonly StandingList[],
  onUser: (user: UserRow) => void,
): Promise<StandingPage[]> {
  const withUsers = lists.some((list) => list.withUsers);
  const rows = await querySharing(em, withUsers ? joinUsers(unite(lists)) : unite(lists));
  if (withUsers) {
    for (const { userId, nickname, pictureUrl, createdAt } of rows) {
      onUser({ id: userId, nickname, pictureUrl, createdAt });
    }
  }
  const pages = pagesOf.get(rows) ?? toPages(em, lists, rows);
  pagesOf.set(rows, pages);
  return pages;
}

/** Requests that share rows share what is made of them: the statement says all that the pages depend on. */
const pagesOf = new WeakMap<readonly JoinedRow[], Promise<StandingPage[]>>();

function toPages(
  em: SqlEntityManager,
  lists: readonly StandingList[],
  rows: readonly JoinedRow[],
): Promise<StandingPage[]> {
  return Promise.all(
    lists.map(async (list, index) =>
      list.toPage(em, lists.length === 1 ? rows : rows.filter((row) => row.list === index)),
    ),
  );
}

/** The rows of all lists, each list in its order. */
function unite(lists: readonly StandingList[]): RawBuilder<JoinedRow> {
  const all = sql.join(
    lists.map(({ statement }, index) => sql`select ${sql.lit(index)} as list, l.* from (${statement}) l`),
    sql` union all `,
  );
  return sql<JoinedRow>`${all} order by list, "sortScore", "achievedAt", "userId"`;
}

function joinUsers(rows: RawBuilder<JoinedRow>): RawBuilder<JoinedRow> {
  return sql<JoinedRow>`select s.*, u.nickname, u.picture_url as "pictureUrl", u.created_at as "createdAt"
    from (${rows}) s join users u on u.id = s."userId"
    order by s.list, s."sortScore", s."achievedAt", s."userId"`;
}
