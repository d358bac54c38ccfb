import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { TransferError } from '../errors.js';
import { integerRange } from '../postgres-tables.js';
import type { Column, Table, ValueKind } from '../table.js';

export const MANIFEST_FILE = 'manifest.json';
export const MANIFEST_VERSION = 1;

/** What a column's kind may be; the type says that none of them is forgotten. */
const KINDS = Object.keys({
  integer: 0,
  decimal: 0,
  real: 0,
  double: 0,
  text: 0,
  enum: 0,
  set: 0,
  json: 0,
  bytes: 0,
  bits: 0,
  boolean: 0,
  date: 0,
  timestamp: 0,
  instant: 0,
  time: 0,
  uuid: 0,
  other: 0,
} satisfies Record<ValueKind, 0>) as ValueKind[];

const names = z.array(z.string());
const digits = z.string().regex(/^\d+$/);

const columnSchema = z.strictObject({
  name: z.string(),
  type: z.string(),
  kind: z.enum(KINDS),
  nullable: z.boolean(),
  /** Computed from others: written for readers. */
  generated: z.literal(true).optional(),
  maxLength: z.number().int().optional(),
  precision: z.strictObject({ digits: z.number().int(), scale: z.number().int() }).optional(),
  members: names.optional(),
});

const tableSchema = z.strictObject({
  name: z.string(),
  /** Beside the manifest. */
  file: z.string().refine((file) => file === basename(file) && !file.includes('\\'), 'is not the name of a file'),
  bytes: z.number().int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: digits,
  /** Of all rows and columns, as checksum.ts says. */
  hash: digits,
  columns: z.array(columnSchema),
  primaryKey: names,
  uniques: z.array(z.strictObject({ name: z.string(), columns: names })),
  foreignKeys: z.array(
    z.strictObject({
      name: z.string(),
      columns: names,
      references: z.strictObject({ table: z.string(), columns: names }),
    }),
  ),
});

const manifestSchema = z.strictObject({
  format: z.literal('laurel csv'),
  formatVersion: z.literal(MANIFEST_VERSION),
  laurelVersion: z.string(),
  /** When the database was as these files say, in UTC. */
  exportedAt: z.iso.datetime(),
  /** The newest migrations of the database; empty where Laurel's migrator never ran. */
  migrations: names,
  formulasNeutralised: z.boolean(),
  tables: z.array(tableSchema),
  /** Tables of the database that are not here. */
  leftOut: z.array(z.strictObject({ name: z.string(), why: z.string() })),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestTable = z.infer<typeof tableSchema>;

/** What is known of a file that has been written. */
export type WrittenFile = Pick<ManifestTable, 'file' | 'bytes' | 'sha256' | 'rows' | 'hash'>;

/** A table as the manifest has it. */
export function describeTable(
  { name, columns, primaryKey, uniques, foreignKeys }: Table,
  written: WrittenFile,
): ManifestTable {
  return {
    name,
    ...written,
    columns: columns.map(describeColumn),
    primaryKey,
    uniques,
    // Tables of other schemas are not in the folder.
    foreignKeys: foreignKeys.filter(({ references }) => references.schema === undefined),
  };
}

function describeColumn({ name, type, kind, nullable, generated, maxLength, precision, members }: Column) {
  return {
    name,
    type,
    kind,
    nullable,
    ...(generated && { generated }),
    ...(maxLength !== undefined && { maxLength }),
    ...(precision && { precision }),
    ...(members && { members }),
  };
}

/** A table of the manifest as any source has it. */
export function tableOf({ name, columns, primaryKey, uniques, foreignKeys }: ManifestTable): Table {
  return {
    name,
    columns: columns.map(({ generated, maxLength, precision, members, ...column }) => {
      const range = integerRange(column.type);
      return {
        ...column,
        sourceType: column.type,
        ...(generated && { generated }),
        ...(maxLength !== undefined && { maxLength }),
        ...(precision && { precision }),
        ...(members && { members }),
        ...(range && { range }),
      };
    }),
    primaryKey,
    uniques,
    foreignKeys,
  };
}

/**
 * Reads the manifest of a folder.
 * @returns undefined where there is none
 * @throws TransferError where it cannot be read as one
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (text === undefined) {
    return undefined;
  }
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TransferError(
      `${path} is not a manifest that this Laurel reads (format ${MANIFEST_VERSION}): ${issue?.path.join('.')} ${issue?.message}. Nothing was changed. Export again, or name the CSV files instead of the folder.`,
    );
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
