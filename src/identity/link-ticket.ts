import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { hashOneTimeToken, newOneTimeToken } from '../account/one-time-token.js';
import { query, queryOne, sql } from '../database/query.js';

const TICKET_MINUTES = 5;

/** Makes a ticket, good once, with which a browser begins to link an identity of that provider to the user. */
export async function issueTicket(
  em: SqlEntityManager,
  userId: string,
  provider: string,
  returnUrl: string,
): Promise<string> {
  const { token, hash } = newOneTimeToken();
  await query(
    em,
    sql`insert into link_tickets (ticket_hash, user_id, provider, return_url, expires_at) values (${hash}, ${userId},
      ${provider}, ${returnUrl}, now() + make_interval(mins => ${sql.lit(TICKET_MINUTES)}))`,
  );
  return token;
}

/** Spends a ticket. @returns whose; undefined where there is none for that provider and address */
export async function spendTicket(
  em: SqlEntityManager,
  ticket: string,
  provider: string,
  returnUrl: string,
): Promise<string | undefined> {
  const spent = await queryOne(
    em,
    sql<{ userId: string }>`delete from link_tickets where ticket_hash = ${hashOneTimeToken(ticket)}
        and provider = ${provider} and return_url = ${returnUrl} and expires_at > now()
      returning user_id as "userId"`,
  );
  return spent?.userId;
}
