import { type Command, InvalidArgumentError } from 'commander';
import type { Database } from '../../database/database.js';
import { openInMemory } from '../../database/in-memory.js';
import { loadHistory } from '../../migrate/history.js';
import { findMigration } from '../../migrate/revision.js';
import { withScratchDatabase } from '../../migrate/verify/scratch-database.js';
import { type Verification, type VerifyReport, verifyMigrations } from '../../migrate/verify/verify.js';
import { ExitCode } from '../command.js';
import { aligned, type Cell, styled } from '../terminal.js';
import { type MigrateOptions, verb } from './options.js';

/** `laurel migrate verify`: whether each migration's way back really is one, on rows. */
export function addVerify(migrate: Command): void {
  verb(
    migrate,
    'verify [revision...]',
    'take each migration up, down and up again on rows, and compare',
    'verify --url postgres://postgres@localhost/postgres',
  )
    .option(
      '--url <url>',
      'on that PostgreSQL server, in a database of its own that it drops; else in memory',
      parsePostgresUrl,
    )
    .action(async (revisions: string[], { folder, json, url }: MigrateOptions & { url?: string }) => {
      const history = await loadHistory(folder);
      const names = revisions.length === 0 ? history : revisions.map((revision) => findMigration(history, revision));
      const chosen = new Set(names.map(({ name }) => name));
      const verify = (database: Database): Promise<VerifyReport> => verifyMigrations(database, history, chosen);
      const report = await (url === undefined ? inMemory(verify) : withScratchDatabase(url, verify));
      if (report.verifications.some(({ ok }) => !ok)) {
        process.exitCode = ExitCode.FAILED;
      }
      if (json) {
        console.log(JSON.stringify(report));
        return;
      }
      print(report);
    });
}

function parsePostgresUrl(text: string): string {
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('Write postgres://user:password@host:port/database.');
  }
  return text;
}

async function inMemory<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openInMemory();
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

function print({ verifications, notReached }: VerifyReport): void {
  const lines: Cell[][] = [
    ...verifications.map(({ name, ok, rows, tables }): Cell[] => [
      name,
      ok ? { text: 'ok', style: 'green' } : { text: 'FAILED', style: 'red' },
      `${rows} rows in ${tables} tables`,
    ]),
    ...notReached.map((name): Cell[] => [name, { text: 'not reached', style: 'yellow' }]),
  ];
  aligned(lines).forEach((line) => console.log(line));
  verifications.flatMap(describe).forEach((line) => console.log(line));
}

function describe({ name, problems, notes, withoutRows }: Verification): string[] {
  const lines = [
    ...problems.flatMap(({ step, message, details }) => [
      `  ${styled('red', step)}: ${message}`,
      ...details.flatMap((detail) => detail.split('\n')).map((detail) => `    ${detail}`),
    ]),
    ...notes.map((note) => `  ${note}`),
    ...withoutRows.map(({ table, reason }) => `  no rows could be made for ${table}: ${reason}`),
  ];
  return lines.length === 0 ? [] : ['', styled('bold', name), ...lines];
}
