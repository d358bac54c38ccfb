import { type CarriedColumn, recogniseTables, type ServiceShape, type StagedTable } from '../service/staged-table.js';
import type { Table } from '../table.js';
import { ENTRY, FAULT, type SectionName, SECTIONS } from './sections.js';

export type CommunityShape = ServiceShape<SectionName>;

export type CommunityStaged = StagedTable<SectionName>;

type Columns = readonly [CarriedColumn, ...CarriedColumn[]];

/** The export as a database: the source has all of its columns, whether rows say something of them or not. */
export function recogniseCommunity(tables: readonly Table[]): CommunityShape {
  const columns = SECTIONS.map(({ name, fields }): [SectionName, Columns] => [
    name,
    [
      { names: [ENTRY], holds: 'id' },
      ...fields.map((field): CarriedColumn => ({
        names: [field.name],
        holds: field.holds === 'key' ? 'text' : field.holds,
      })),
      { names: [FAULT], holds: 'text' },
    ],
  ]);
  return recogniseTables(
    { called: 'community', columns: Object.fromEntries(columns) as Record<SectionName, Columns> },
    tables,
  );
}
