import type { Rows } from './game-support.js';

type Row = Record<string, unknown>;

/**
 * Which rows arrive where everything that is wrong is rejected, told as simply as can be: by table their ids, which must
 * all be numbers. Knows what rowsOfChance makes.
 */
export function survivors(rows: Rows): Record<string, number[]> {
  const users = firstOfEach(
    firstOfEach(
      firstOfEach(rows['users'] ?? [], (row) => row['id'])
        .filter((row) => ['user', 'admin'].includes(row['role'] as string))
        .filter((row) => row['email'] === null || (row['email'] as string).includes('@'))
        .toSorted(byId),
      (row) => (row['email'] as string | null)?.toLowerCase() ?? Symbol('none'),
    ).filter((row) => row['nickname'] !== null && row['nickname'] !== ''),
    (row) => (row['nickname'] as string).normalize('NFKC').toLowerCase(),
  );
  const ids = new Set(users.map((row) => row['id']));
  const own = (table: string): Row[] =>
    firstOfEach(rows[table] ?? [], (row) => row['id']).filter((row) => ids.has(row['user_id']));

  const friendships = firstOfEach(
    firstOfEach(rows['friendships'] ?? [], (row) => row['id'])
      .filter((row) => STATUSES.includes(row['status'] as string))
      .filter((row) => ids.has(row['requester_id']) && ids.has(row['receiver_id']))
      .filter((row) => row['requester_id'] !== row['receiver_id']),
    (row) => `${row['requester_id'] as number} ${row['receiver_id'] as number}`,
  ).toSorted(
    (a, b) =>
      STATUSES.indexOf(a['status'] as string) - STATUSES.indexOf(b['status'] as string) ||
      (a['created_at'] as string).localeCompare(b['created_at'] as string) ||
      byId(a, b),
  );
  const months = own('monthly_scores')
    .filter((row) => (row['month'] as number) >= 1 && (row['month'] as number) <= 12)
    .toSorted((a, b) => (b['score'] as number) - (a['score'] as number) || byId(a, b));
  const visits = own('game_visits')
    .filter((row) => (row['visit_count'] as number) >= 1)
    .toSorted((a, b) => (b['visit_count'] as number) - (a['visit_count'] as number) || byId(a, b));
  return {
    users: idsOf(users),
    scores: idsOf(own('scores').filter((row) => row['score'] !== null)),
    friendships: idsOf(
      firstOfEach(friendships, (row) =>
        [row['requester_id'] as number, row['receiver_id'] as number].toSorted((a, b) => a - b).join(' '),
      ),
    ),
    monthly_scores: idsOf(firstOfEach(months, (row) => `${row['user_id'] as number} ${row['month'] as number}`)),
    game_visits: idsOf(firstOfEach(visits, (row) => `${row['user_id'] as number} ${row['visit_date'] as string}`)),
  };
}

const STATUSES = ['accepted', 'pending', 'rejected'];

function firstOfEach(rows: readonly Row[], key: (row: Row) => unknown): Row[] {
  const seen = new Set<unknown>();
  return rows.filter((row) => {
    const value = key(row);
    const isFirst = !seen.has(value);
    seen.add(value);
    return isFirst;
  });
}

function byId(a: Row, b: Row): number {
  return (a['id'] as number) - (b['id'] as number);
}

function idsOf(rows: readonly Row[]): number[] {
  return rows.map((row) => row['id'] as number).toSorted((a, b) => a - b);
}
