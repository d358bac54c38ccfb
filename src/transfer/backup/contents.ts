import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import type { AppliedMigration } from '../../migrate/ledger.js';
import { LEDGER } from '../../migrate/ledger-name.js';
import { TransferError } from '../errors.js';
import { copyHeader, copyRow } from './copy-text.js';
import { runProgram } from './program.js';

/** The table in which Alembic notes its revision. */
const ALEMBIC = 'alembic_version';

/** What a dump of a PostgreSQL server says of itself. */
export interface Contents {
  /** Whether it makes tables, besides filling them. */
  hasSchema: boolean;
  /** Laurel's migrations in it; undefined where it has not their table. */
  ledger: AppliedMigration[] | undefined;
  /** The revision of the old game service; undefined where it is none of its databases. */
  alembicRevision: string | undefined;
}

/**
 * Looks into a dump in pg_dump's custom format.
 * @throws TransferError where pg_restore cannot read it
 */
export async function readCustom(path: string, signal?: AbortSignal): Promise<Contents> {
  const options = signal === undefined ? {} : { signal };
  const list = await runProgram('pg_restore', ['--list', path], options);
  const tables = ['--table', LEDGER, '--table', ALEMBIC];
  const rows =
    list.code === 0 ? await runProgram('pg_restore', ['--data-only', ...tables, '--file=-', path], options) : list;
  if (rows.code !== 0) {
    throw new TransferError(
      `pg_restore cannot read ${path}: it is damaged, cut off, or was made by a newer pg_dump. Nothing was changed.\n${rows.complaint}`,
    );
  }
  return {
    ...(await readScript(Readable.from([rows.output]))),
    hasSchema: /^\d+; \d+ \d+ TABLE (?!DATA )/m.test(list.output),
  };
}

/** Looks into a dump in pg_dump's plain format. Reads it up to Laurel's migrations, or to its end. */
export function readPlain(path: string): Promise<Contents> {
  return readScript(createReadStream(path));
}

async function readScript(script: Readable): Promise<Contents> {
  const contents: Contents = { hasSchema: false, ledger: undefined, alembicRevision: undefined };
  const lines = createInterface({ input: script, crlfDelay: Infinity });
  let copied: ReturnType<typeof copyHeader>;
  for await (const line of lines) {
    if (copied === undefined) {
      copied = copyHeader(line);
      contents.hasSchema ||= /^CREATE (UNLOGGED )?TABLE /.test(line);
      if (copied?.table === LEDGER) {
        contents.ledger = [];
      }
    } else if (line === '\\.') {
      if (copied.table === LEDGER) {
        break;
      }
      copied = undefined;
    } else if (copied.table === LEDGER) {
      contents.ledger!.push(appliedOf(copyRow(copied.columns, line)));
    } else if (copied.table === ALEMBIC) {
      contents.alembicRevision = copyRow(copied.columns, line)['version_num'] ?? undefined;
    }
  }
  script.destroy();
  return contents;
}

function appliedOf(row: Record<string, string | null>): AppliedMigration {
  return {
    name: (row['name'] ?? '').replace(/\.[jt]s$/, ''),
    appliedAt: row['executed_at'] ?? '',
    checksum: row['checksum'] ?? null,
    laurelVersion: row['laurel_version'] ?? null,
  };
}
