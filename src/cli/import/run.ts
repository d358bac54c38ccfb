import { existsSync, mkdirSync, openSync, closeSync, writeFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Config, loadConfig } from '../../config.js';
import { EmbeddedTarget } from '../../transfer/embedded-target.js';
import { runImport } from '../../transfer/import/import.js';
import type { ImportReport } from '../../transfer/import/report.js';
import type { Mover } from '../../transfer/import/run.js';
import { PostgresTarget } from '../../transfer/postgres-target.js';
import type { Source } from '../../transfer/source.js';
import type { Table } from '../../transfer/table.js';
import type { Target } from '../../transfer/target.js';
import { ExitCode } from '../command.js';
import { interruptible } from '../interruptible.js';
import { type ImportFlags, policiesOf } from './options.js';
import { reportLines } from './print.js';
import { progressDisplay } from './progress.js';

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
        const { target, targetName } = await openTarget(config);
        try {
          return await runImport(source, { target, targetName }, await mover(target), {
            policies,
            rejects: flags.rejects,
            timeZone: flags.sourceTimeZone,
            dryRun: flags.dryRun,
            signal,
            onProgress: (progress) => display.show(progress),
          });
        } finally {
          await target.close().catch(() => undefined);
        }
      } finally {
        await source.close();
      }
    });
    display.end();
    kept.write(report);
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

async function openTarget(config: Config): Promise<{ target: Target; targetName: string }> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl !== undefined) {
    const { host, pathname } = new URL(databaseUrl);
    return {
      target: await PostgresTarget.open(databaseUrl),
      targetName: `PostgreSQL at ${host}${decodeURIComponent(pathname)}`,
    };
  }
  if (!existsSync(join(dataDir, 'database'))) {
    // As the server does at its start. Loaded where it is needed: entities take memory.
    const [{ openDatabase }, { upgrade }] = await Promise.all([
      import('../../database/database.js'),
      import('../../migrate/upgrade.js'),
    ]);
    const database = await openDatabase(config);
    try {
      await upgrade(database);
    } finally {
      await database.close();
    }
  }
  return { target: await EmbeddedTarget.open(dataDir), targetName: `the embedded database in ${dataDir}` };
}

interface ReportFile {
  path: string;
  write(report: ImportReport): void;
  discard(): void;
}

/** Opened before the run: where it cannot be kept, nothing is to be moved. */
function reportFile(path: string): ReportFile {
  const whole = resolve(path);
  const part = `${whole}.part`;
  mkdirSync(dirname(whole), { recursive: true });
  closeSync(openSync(part, 'w', 0o600));
  return {
    path,
    write: (report) => {
      writeFileSync(part, `${JSON.stringify(report, null, 2)}\n`);
      renameSync(part, whole);
    },
    discard: () => rmSync(part, { force: true }),
  };
}

function defaultName(): string {
  return `import-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.json`;
}
