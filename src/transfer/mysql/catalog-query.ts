import type { Connection } from 'mysql2/promise';

/** A row of the catalog: everything as text. */
export type CatalogRow<K extends string> = Record<K, string | null>;

/** Reads rows of the catalog, whatever the connection does with types. */
export async function catalogRows<K extends string>(connection: Connection, sql: string): Promise<CatalogRow<K>[]> {
  const [rows] = await connection.query({ sql, rowsAsArray: false, typeCast: (field) => field.string('utf8') });
  return rows as unknown as CatalogRow<K>[];
}

/** A number of the catalog. */
export function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}

export function isMariaDb(version: string): boolean {
  return /mariadb/iu.test(version);
}
