import type { MigrationFile } from '../history.js';
import type { RowColumn } from './rows.js';

/** What makes other values each time it runs, and of which types. */
const GENERATORS: { calls: RegExp; types: RegExp }[] = [
  { calls: /gen_random_uuid|uuid_generate|uuidv[47]/i, types: /^uuid$/ },
  {
    calls: /\bnow\s*\(|current_(timestamp|date|time)|localtime|(clock|statement|transaction)_timestamp|timeofday/i,
    types: /^(timestamp|date|time)/,
  },
  { calls: /\bnextval\b|\b(small|big)?serial\b|as\s+identity/i, types: /^(smallint|integer|bigint)$/ },
  { calls: /\brandom\s*\(|gen_random_bytes/i, types: /./ },
];

/**
 * Whether a column's values may differ from one run of a migration to the next: because it has statements, or the
 * column a default, that make values of its type anew.
 */
export function mayBeMadeAnew({ up }: MigrationFile): (column: RowColumn) => boolean {
  const statements = (up ?? []).join('\n');
  return (column) =>
    GENERATORS.some(
      ({ calls, types }) => types.test(column.type) && (calls.test(statements) || calls.test(column.default ?? '')),
    );
}
