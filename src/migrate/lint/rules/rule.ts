import type { Fault } from '../finding.js';
import type { KnownSchema } from '../known-schema.js';
import type { LintedMigration } from '../statements.js';

/** A fault, and the statement that has it; null where it is the file's. */
export interface FoundFault extends Fault {
  statement: number | null;
}

/**
 * Looks for one kind of fault.
 * @param before what earlier migrations have said of the schema
 */
export type Rule = (migration: LintedMigration, before: KnownSchema) => FoundFault[];

/** The head of what cannot run in a transaction. */
export const OUTSIDE_TRANSACTION =
  '-- in a migration of its own, with: override isTransactional(): boolean { return false; }';
