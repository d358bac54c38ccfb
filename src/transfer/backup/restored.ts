import type { BackupFormat } from './format.js';
import type { Origin } from './origin.js';

/** What a backup is, before anything is done with it. */
export interface InspectedBackup {
  path: string;
  format: BackupFormat;
  /** Undefined for a database of the old game service. */
  origin: Origin | undefined;
}

/** Is told what the backup is, before anything is changed. */
export type OnInspected = (backup: InspectedBackup) => void;
