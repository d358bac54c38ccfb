import { parse } from 'libpg-query';
import { TransferError } from '../errors.js';

/**
 * A condition that somebody wrote, as the end of a query. It is in parentheses that it cannot close, and a comment at
 * its end takes nothing with it.
 * @param condition SQL, such as `created_at > now() - interval '1 year'`
 * @throws TransferError where it is not one expression
 */
export async function whereClause(table: string, condition: string): Promise<string> {
  const clause = ` where (${condition}\n)`;
  // Whatever closes the parenthesis does not stand without it, and what stands without it but is more than an
  // expression does not stand within.
  for (const query of [`select where ${condition}\n`, `select${clause}`]) {
    try {
      await parse(query);
    } catch (error) {
      throw refusedCondition(table, (error as Error).message);
    }
  }
  return clause;
}

/** @param why PostgreSQL's own words */
export function refusedCondition(table: string, why: string): TransferError {
  return new TransferError(
    `The condition for the table ${table} is refused: ${why}. Nothing was changed. Write it as after WHERE in a query of that table alone.`,
  );
}
