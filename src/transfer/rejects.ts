import { createHash } from 'node:crypto';
import {
  closeSync,
  createWriteStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  type WriteStream,
} from 'node:fs';
import { once } from 'node:events';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { fileNameOf } from './csv/file-name.js';
import { TransferError } from './errors.js';
import { literal, quoted } from './identifier.js';
import type { StagedCheck } from './staged-check.js';
import type { Column, Row, Table, Value } from './table.js';
import type { Target } from './target.js';
import { arrayOfMembers } from './values/members.js';

/** The column that says what is wrong with a row; an import leaves it out where the table has no such column. */
const REASONS_COLUMN = '_reasons';

/** Whether a column of a file may be what says what is wrong with its rows. */
export function maySayReasons(column: string): boolean {
  return /^_+reasons$/.test(column);
}

/** With another underscore where the table itself has such a column. */
function reasonsColumn(names: readonly string[]): string {
  let name = REASONS_COLUMN;
  while (names.includes(name)) {
    name = `_${name}`;
  }
  return name;
}

/** Rows have everybody's data in them: nobody but their owner reads them. */
const OWNER_ONLY = { folder: 0o700, file: 0o600 };

/**
 * The folder beside the files that has the hash of each one whose run changed nothing: the next run writes over it,
 * unless somebody has changed it since.
 */
const OF_NO_RUN = '.nothing-was-changed';

interface File {
  stream: WriteStream;
  path: string;
  failure?: Error;
  /** It has its name. */
  isKept?: true;
}

/**
 * The files that rejected rows go to, one for each table: CSV with a header, NULL as an empty field and an empty text
 * in quotes, in the bytes that the source has. They have another name until the run is through.
 */
export class Rejects {
  readonly #files = new Map<string, File>();

  private constructor(private readonly folder: string | undefined) {}

  /**
   * @param folder made if need be; undefined keeps no files
   * @throws TransferError where files of an earlier run are in it that changed something, or it cannot be a folder
   */
  static into(folder: string | undefined, tables: readonly string[]): Rejects {
    if (folder === undefined) {
      return new Rejects(undefined);
    }
    try {
      mkdirSync(folder, { recursive: true, mode: OWNER_ONLY.folder });
    } catch (error) {
      throw new TransferError(
        `Rejected rows cannot be written to the folder ${folder}: ${(error as Error).message}. Nothing was changed. Name another folder: --rejects`,
      );
    }
    const left = tables
      .map((table) => fileNameOf(table))
      .filter((name) => existsSync(join(folder, name)) && !isOfNoRun(folder, name))
      .map((name) => join(folder, name));
    if (left.length > 0) {
      throw new TransferError(
        `There are rejected rows of an earlier run: ${left.join(', ')}. Nothing was changed. Import or move them away, or name another folder.`,
      );
    }
    return new Rejects(folder);
  }

  /** Where the files are that have been written, in the end. */
  get paths(): string[] {
    return [...this.#files.values()].map(({ path }) => path);
  }

  /** Keeps a row that is not going to be written. */
  async add(table: Table, row: Row, reasons: string): Promise<void> {
    if (this.folder === undefined) {
      return;
    }
    const file = this.file(table.name, namesOf(table));
    const values = table.columns.flatMap((column, index) =>
      column.generated === true ? [] : [textOf(row[index]!, column)],
    );
    await write(file, csvLine([...values, latin1(reasons)]));
  }

  /** Takes the rows that a check has found out of their table. */
  async takeStaged(target: Target, check: StagedCheck): Promise<void> {
    if (this.folder === undefined) {
      await target.query(deleteStaged(check));
      return;
    }
    await this.copy(target, check, `${deleteStaged(check)} returning ${columnsOf(check)}, ${literal(reasonOf(check))}`);
  }

  /** Writes the rows that a check has found, and leaves them where they are. */
  async copyStaged(target: Target, check: StagedCheck): Promise<void> {
    if (this.folder === undefined) {
      return;
    }
    const from = `${quoted(check.table.name)} t join laurel_found f on t.ctid = f.row`;
    await this.copy(target, check, `select ${columnsOf(check)}, ${literal(reasonOf(check))} from ${from}`);
  }

  /**
   * Sees that the files are on the disk, and gives them their names. To be called before the commit: rows that are
   * neither in the database nor in a file would be lost.
   * @param isApplied whether the run is going to change anything
   * @throws TransferError where they cannot be written
   */
  async keep(isApplied = true): Promise<void> {
    const files = [...this.#files.values()];
    for (const file of files) {
      await finish(file);
    }
    try {
      for (const file of files) {
        sync(partOf(file.path));
        renameSync(partOf(file.path), file.path);
        file.isKept = true;
        mark(file.path, isApplied);
      }
      if (this.folder !== undefined && files.length > 0) {
        sync(this.folder);
      }
    } catch (error) {
      throw unwritable(this.folder!, error);
    }
  }

  /** Removes the files: the run came to nothing. */
  async discard(): Promise<void> {
    for (const file of this.#files.values()) {
      await finish(file).catch(() => undefined);
      rmSync(file.isKept ? file.path : partOf(file.path), { force: true });
    }
    this.#files.clear();
  }

  private async copy(target: Target, check: StagedCheck, query: string): Promise<void> {
    const file = this.file(check.sourceName, namesOf(check.table));
    for await (const chunk of target.copyOut(`copy (${query}) to stdout (format csv)`)) {
      await write(file, chunk);
    }
  }

  private file(table: string, columns: readonly string[]): File {
    const known = this.#files.get(table);
    if (known !== undefined) {
      return known;
    }
    const path = pathOf(this.folder ?? '.', table);
    const file: File = { stream: createWriteStream(partOf(path), { mode: OWNER_ONLY.file }), path };
    file.stream.on('error', (error) => {
      file.failure = error;
    });
    file.stream.write(csvLine([...columns, reasonsColumn(columns)].map(latin1)));
    this.#files.set(table, file);
    return file;
  }
}

function pathOf(folder: string, table: string): string {
  return join(folder, fileNameOf(table));
}

/** Whether a file is as a run has left it that changed nothing. */
function isOfNoRun(folder: string, name: string): boolean {
  const kept = markOf(folder, name);
  return existsSync(kept) && readFileSync(kept, 'utf8') === hashOf(join(folder, name));
}

function mark(path: string, isApplied: boolean): void {
  const kept = markOf(dirname(path), basename(path));
  if (isApplied) {
    rmSync(kept, { force: true });
    return;
  }
  mkdirSync(dirname(kept), { recursive: true, mode: OWNER_ONLY.folder });
  writeFileSync(kept, hashOf(path), { mode: OWNER_ONLY.file });
}

function markOf(folder: string, name: string): string {
  return join(folder, OF_NO_RUN, `${name}.sha256`);
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function unwritable(path: string, error: unknown): TransferError {
  return new TransferError(
    `Rejected rows could not be written to ${path}: ${(error as Error).message}. Nothing was changed. Make room there, or name another folder: --rejects`,
    { cause: error },
  );
}

function partOf(path: string): string {
  return `${path}.part`;
}

function namesOf({ columns }: Table): string[] {
  return columns.filter(({ generated }) => generated !== true).map(({ name }) => name);
}

function columnsOf({ table }: StagedCheck): string {
  return table.columns
    .filter(({ generated }) => generated !== true)
    .map(({ name, inRejects }) => inRejects ?? `t.${quoted(name)}`)
    .join(', ');
}

function reasonOf({ kind, column }: StagedCheck): string {
  return column === null ? kind : `${kind}: ${column}`;
}

function deleteStaged({ table }: StagedCheck): string {
  return `delete from ${quoted(table.name)} t using laurel_found f where t.ctid = f.row`;
}

/** Values whose own text says too little, or is none, are written as PostgreSQL writes them. */
function textOf(value: Value, { kind, needsOffset }: Column): string | null {
  if (value === null) {
    return null;
  }
  switch (kind) {
    case 'bytes':
      return `\\x${value.toString('hex')}`;
    case 'set':
      return arrayOfMembers(value.toString('latin1'));
    case 'instant':
      // They are in UTC, unless it was for the source to say.
      return needsOffset === true
        ? value.toString('latin1')
        : value.toString('latin1').replace(WITHOUT_OFFSET, '$&+00');
    default:
      return value.toString('latin1');
  }
}

const WITHOUT_OFFSET = /:\d\d(?:\.\d+)?$/;

/** Bytes go through as the characters of the same numbers, as they may be no UTF-8. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function csvLine(values: readonly (string | null)[]): Buffer {
  const line = stringify([[...values]], {
    cast: { string: (value) => ({ value, quoted_empty: value === '', quoted: value.includes('\r') }) },
  });
  return Buffer.from(line, 'latin1');
}

async function write(file: File, chunk: Buffer): Promise<void> {
  try {
    if (file.failure !== undefined) {
      throw file.failure;
    }
    if (!file.stream.write(chunk)) {
      await once(file.stream, 'drain');
    }
  } catch (error) {
    throw unwritable(file.path, error);
  }
}

async function finish(file: File): Promise<void> {
  if (file.stream.closed && file.failure === undefined) {
    return;
  }
  try {
    if (file.failure !== undefined) {
      throw file.failure;
    }
    file.stream.end();
    await once(file.stream, 'close');
  } catch (error) {
    throw unwritable(file.path, error);
  }
}
