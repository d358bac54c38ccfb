import type { Table } from '../table.js';
import type { ManifestTable } from './manifest.js';
import type { RecordFormat } from './record-format.js';

/** A table in a file. */
export interface CsvTable extends Table {
  path: string;
  format: RecordFormat;
  /** For each column its place in the file. */
  places: readonly number[];
  /** Columns that are left out, unless the table has them: what was wrong with rejected rows. */
  reasons: readonly { name: string; place: number }[];
  /** The file has no header, and nobody has named its columns: they stand for all of a table. */
  unnamed: boolean;
  /** What the manifest says of it; undefined where there is none, or the file is another one by now. */
  manifest: ManifestTable | undefined;
  /** Whether apostrophes before formulas are to be taken away. */
  neutralised: boolean;
}
