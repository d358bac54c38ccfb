import { types } from '@electric-sql/pglite';

/**
 * How the embedded database hands over values: as MikroORM's PostgreSQL driver does, so that a row has one
 * shape on both. Dates and instants stay text with their full precision; bigint stays text.
 */
export const parsers = Object.fromEntries(
  [types.DATE, types.TIMESTAMP, types.TIMESTAMPTZ, types.INTERVAL, types.INT8].map((oid) => [
    oid,
    (text: string) => text,
  ]),
);
