import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../migrate/errors.js';
import { TransferError } from '../../transfer/errors.js';
import type { ImportReport } from '../../transfer/import/report.js';

/** The file that a report is kept in. */
export interface ReportFile {
  path: string;
  /** Writes it under another name. @throws TransferError where that cannot be done: nothing is to be moved then */
  write(report: ImportReport): void;
  /** Gives it its name. @throws TransferError that says what the run has done */
  keep(report: ImportReport): void;
  discard(): void;
}

/**
 * Opens a report before the run: where it cannot be kept, nothing is to be moved.
 * @throws UsageError where there can be no such file
 */
export function reportFile(path: string): ReportFile {
  const whole = resolve(path);
  const part = `${whole}.part`;
  if (statSync(whole, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new UsageError(
      `${path} is a folder, and the report is one file. Nothing was changed. Name a file in it: --report`,
    );
  }
  try {
    mkdirSync(dirname(whole), { recursive: true });
    closeSync(openSync(part, 'w', 0o600));
  } catch (error) {
    throw new UsageError(
      `The report cannot be kept in ${path}: ${(error as Error).message}. Nothing was changed. Name another file: --report`,
    );
  }
  return {
    path,
    write: (report) => {
      try {
        writeSafely(part, `${JSON.stringify(report, null, 2)}\n`);
      } catch (error) {
        throw new TransferError(
          `The report could not be written to ${path}: ${(error as Error).message}. Nothing was changed. Make room there, or name another file: --report`,
        );
      }
    },
    keep: ({ outcome }) => {
      try {
        renameSync(part, whole);
      } catch (error) {
        const done = outcome === 'done' ? 'All rows are there, proven and committed' : 'Nothing was changed';
        throw new TransferError(
          `${done}, but the report could not be given its name: ${(error as Error).message}. It is in ${part}`,
        );
      }
    },
    discard: () => rmSync(part, { force: true }),
  };
}

/** On the disk when it returns. */
function writeSafely(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
