import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryExactlyOne, sql } from '../database/query.js';
import { badInput } from '../errors.js';

/**
 * Whether a nickname is one that this server keeps for itself, or looks like one. It is the database that says what
 * looks alike.
 * @param reserved nicknames, as settings have them
 */
export async function isReserved(
  em: SqlEntityManager,
  nickname: string,
  reserved: readonly string[],
): Promise<boolean> {
  if (reserved.length === 0) {
    return false;
  }
  const found = await queryExactlyOne(
    em,
    sql<{ reserved: boolean }>`select exists (
        select from unnest(${reserved}::text[]) kept
        where laurel_nickname_key(kept) = laurel_nickname_key(${nickname})
          or laurel_nickname_skeleton(kept) = laurel_nickname_skeleton(${nickname})
      ) as reserved`,
  );
  return found.reserved;
}

/**
 * @param field dotted path of the input, for the error
 * @throws AppError BAD_USER_INPUT where the nickname is reserved
 */
export async function refuseReserved(
  em: SqlEntityManager,
  nickname: string,
  reserved: readonly string[],
  field: string,
): Promise<void> {
  if (await isReserved(em, nickname, reserved)) {
    throw badInput(field, 'This nickname is reserved.');
  }
}
