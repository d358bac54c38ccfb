import { join } from 'node:path';
import { type Config, loadConfig } from '../../config.js';
import { runImport } from '../../transfer/import/import.js';
import type { ImportReport } from '../../transfer/import/report.js';
import type { Mover } from '../../transfer/import/run.js';
import type { Source } from '../../transfer/source.js';
import type { Table } from '../../transfer/table.js';
import type { Target } from '../../transfer/target.js';
import { ExitCode } from '../command.js';
import { interruptible } from '../interruptible.js';
import { type ImportFlags, policiesOf } from './options.js';
import { reportLines } from './print.js';
import { progressDisplay } from './progress.js';
import { reportFile } from './report-file.js';
import { openTarget } from './target.js';

/** What a command gives to move: where from, and how. */
export interface Move<T extends Table> {
  source: Source<T>;
  mover: (target: Target) => Promise<Mover>;
}

/**
 * Runs an import into the database of the settings, prints its report and keeps it. The exit code is 1 where it ended
 * for something, where both sides differ, and where a dry run found anything.
 * @param open opens the source; it is closed in the end
 */
export async function importInto<T extends Table>(
  flags: ImportFlags,
  open: (config: Config) => Promise<Move<T>>,
): Promise<void> {
  const config = loadConfig();
  const policies = policiesOf(flags);
  const kept = reportFile(flags.report ?? join(config.dataDir, 'reports', defaultName()));
  const display = progressDisplay();
  try {
    const report = await interruptible(async (signal) => {
      const { source, mover } = await open(config);
      try {
        const { target, targetName } = await openTarget(config, flags.dryRun === true);
        try {
          return await runImport(source, { target, targetName }, await mover(target), {
            policies,
            rejects: flags.rejects,
            timeZone: flags.sourceTimeZone,
            dryRun: flags.dryRun,
            signal,
            onProgress: (progress) => display.show(progress),
            onReport: (finished) => kept.write(finished),
          });
        } finally {
          await target.close().catch(() => undefined);
        }
      } finally {
        // Whether that goes well or not, the rows are where they are.
        await source.close().catch(() => undefined);
      }
    });
    display.end();
    kept.keep(report);
    print(report, kept.path, flags);
  } catch (error) {
    display.end();
    kept.discard();
    throw error;
  }
}

function print(report: ImportReport, path: string, { json }: ImportFlags): void {
  if (json) {
    console.log(JSON.stringify({ ...report, report: path }));
  } else {
    reportLines(report).forEach((line) => console.log(line));
    console.log(`Report: ${path}`);
  }
  const isBad = report.outcome === 'findings' || report.outcome === 'differs';
  if (isBad || (report.dryRun && report.findings.length > 0)) {
    process.exitCode = ExitCode.FAILED;
  }
}

function defaultName(): string {
  return `import-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.json`;
}
