import { statSync } from 'node:fs';
import { UsageError } from '../../migrate/errors.js';
import { TransferError } from '../errors.js';
import type { NotCarried } from '../import/report.js';
import type { Source } from '../source.js';
import type { Row, Table } from '../table.js';
import { entriesOf } from './entries.js';
import { rowOf, unknownFields } from './entry-row.js';
import { type Section, SECTIONS, tableOf } from './sections.js';

/** Rows that are handed on at once. */
const BATCH_ROWS = 500;

export interface CommunitySource extends Source {
  /** Sections and fields that the community's export does not have. */
  readonly notCarried: readonly NotCarried[];
}

/**
 * Opens an export of the community: JSON with users, posts and the blacklist. It is read to its end, to see what is in
 * it.
 * @throws UsageError where there is no such file
 * @throws TransferError where it is not JSON, or not of the community
 */
export async function openCommunitySource(path: string): Promise<CommunitySource> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new UsageError(`There is no file ${path}. Nothing was changed.`);
  }
  const { rows, notCarried } = await survey(path);
  if (rows.size === 0) {
    throw new TransferError(
      `${path} has none of ${SECTIONS.map(({ name }) => name).join(', ')}. Nothing was changed. It is to be an export of the community.`,
    );
  }
  const known = SECTIONS.filter((section) => rows.has(section));
  return new FileSource(
    path,
    known.map((section) => ({ section, table: tableOf(section, rows.get(section)!) })),
    notCarried,
  );
}

class FileSource implements CommunitySource {
  constructor(
    readonly name: string,
    private readonly sections: readonly { section: Section; table: Table }[],
    readonly notCarried: readonly NotCarried[],
  ) {}

  get tables(): readonly Table[] {
    return this.sections.map(({ table }) => table);
  }

  async *rows({ name, estimatedRows }: Table): AsyncIterable<Row[]> {
    let rows: Row[] = [];
    let place = 0;
    for await (const entry of entriesOf(this.name, (section) => section.name === name)) {
      place += 1;
      rows.push(rowOf(entry, place));
      if (rows.length === BATCH_ROWS) {
        yield rows;
        rows = [];
      }
    }
    if (place !== estimatedRows) {
      throw new TransferError(
        `${this.name} was changed while it was read. Nothing was changed here. Run this again when nobody writes to it.`,
      );
    }
    if (rows.length > 0) {
      yield rows;
    }
  }

  only(): undefined {
    return undefined;
  }

  hasChecksum(): boolean {
    return false;
  }

  checksum(): Promise<null> {
    return Promise.resolve(null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Survey {
  /** By the sections that are there. */
  rows: Map<Section, number>;
  notCarried: NotCarried[];
}

async function survey(path: string): Promise<Survey> {
  const rows = new Map<Section, number>();
  const unknown: NotCarried[] = [];
  const fields = new Map<string, number>();
  const entries = entriesOf(path, () => true, {
    section: (section) => rows.set(section, 0),
    unknown: (name) => unknown.push({ name, why: "is no part of the community's export" }),
  });
  for await (const entry of entries) {
    rows.set(entry.section, rows.get(entry.section)! + 1);
    for (const field of new Set(unknownFields(entry))) {
      const name = `${entry.section.name}.${field}`;
      fields.set(name, (fields.get(name) ?? 0) + 1);
    }
  }
  const left = [...fields].map(([name, count]) => ({
    name,
    why: `a field of ${count} ${count === 1 ? 'row' : 'rows'} that the community does not have`,
  }));
  return { rows, notCarried: [...unknown, ...left] };
}
