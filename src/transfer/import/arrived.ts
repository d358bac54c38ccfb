import type { Checksum } from '../checksum.js';
import type { Rules } from '../new-table.js';
import type { Table } from '../table.js';
import type { TimedCopy } from './run.js';

/** A table whose rows have arrived: in a new table of its own, or beside the one that is there. */
export interface Arrived {
  /** The source's name of it, which is that of the table here. */
  name: string;
  /** The relation that the rows are in, with the columns that come from the source and their types here. */
  table: Table;
  isNew: boolean;
  rules: Rules;
  copied: TimedCopy;
  /** As the rows arrived, before anything was done about them; undefined until it was asked for. */
  arrived: Checksum | undefined;
}
