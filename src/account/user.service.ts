import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryOne, sql } from '../database/query.js';
import { forwardPage, type Page } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { MAX_NICKNAME_LENGTH } from './nickname.js';
import { isPresent } from './presence.js';
import type { UserRow } from './user.type.js';

const MAX_CODE_POINT = 0x10ffff;

/** The columns of a UserRow, of the table aliased `u`. */
export const userColumns = sql<UserRow>`u.id, u.nickname, u.picture_url as "pictureUrl", u.created_at as "createdAt"`;

/** The user with that nickname, whatever its case, width or composition; undefined where there is none. */
export async function findUserByNickname(em: SqlEntityManager, nickname: string): Promise<UserRow | undefined> {
  if (nickname.length > MAX_NICKNAME_LENGTH) {
    return undefined;
  }
  return queryOne(
    em,
    sql<UserRow>`select ${userColumns} from users u
      where u.nickname_key = laurel_nickname_key(${nickname}) and ${isPresent('u')}`,
  );
}

/**
 * Users whose nickname begins with `prefix`, in nickname order.
 * @param after cursor of this search, or null
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export async function searchUsers(
  em: SqlEntityManager,
  prefix: string,
  size: number,
  after: string | null,
): Promise<Page<UserRow>> {
  const list: CursorList = { name: `users:${prefix}`, key: ['text'] };
  const [afterKey] = after === null ? [] : decodeCursor(list, after, 'after');
  // Under collation C a prefix is a range of the index, and no character is a wildcard.
  const rows =
    prefix.length > MAX_NICKNAME_LENGTH
      ? []
      : await query(
          em,
          sql<UserRow & { nicknameKey: string }>`select ${userColumns}, u.nickname_key as "nicknameKey" from users u
      where u.nickname_key >= laurel_nickname_key(${prefix})
        and u.nickname_key < laurel_nickname_key(${prefix}) || chr(${sql.lit(MAX_CODE_POINT)})
        and ${isPresent('u')}
        ${afterKey === undefined ? sql`` : sql`and u.nickname_key > ${afterKey}`}
      order by u.nickname_key limit ${size + 1}`,
        );
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.nicknameKey],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}
