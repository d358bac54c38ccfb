import { Client } from 'pg';

/**
 * What one statement answers on a connection of its own.
 * @param url of the database
 */
export async function rowsAt<Row = Record<string, unknown>>(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query(statement, values);
    return result.rows as Row[];
  } finally {
    await client.end();
  }
}
