import type { ParsedStatement } from '../../migrate/parsed-sql.js';
import { requireProgram } from '../backup/program.js';
import { TransferError } from '../errors.js';
import { quoted } from '../identifier.js';
import type { Problem } from '../new-table.js';
import { PostgresTarget } from '../postgres-target.js';
import type { Target } from '../target.js';
import { connectionFault, readingFault } from './connection-fault.js';
import { dumpedRelations, dumpedWithoutRelations } from './dumped.js';
import { sortLater } from './later-statements.js';
import { isOneOf, type Named, type Requirements, requirementsOf, type UsedSequence } from './requirements.js';
import { typeOf } from './type-statement.js';
import { withoutSchemas } from './without-schema.js';

/** Where a sequence stood. */
export interface SequencePosition {
  name: string;
  /** As for setval. */
  last: bigint;
  called: boolean;
}

/** What another PostgreSQL runs to have these tables; all of it in the first schema of the search path. */
export interface Definitions {
  /** Types, tables without keys, sequences, comments: before the load. */
  create: string[];
  /** Primary keys, uniques, indexes, statistics: after the load. */
  keys: string[];
  /** Foreign keys: after the keys of all tables. */
  references: string[];
  /** As late as they were read: no row of an earlier snapshot has a number beyond them. */
  sequences: SequencePosition[];
  problems: Problem[];
}

/**
 * What it takes to make tables of one PostgreSQL in another, by pg_dump. Partitions come with their tables. The rows
 * are to be locked by a source that is open, or else the tables may be others by the time they are read.
 * @throws TransferError where pg_dump is missing, older than the server or fails, or tables cannot be made alone
 */
export async function definitionsFrom(url: string, tables: readonly Named[]): Promise<Definitions> {
  const { host } = new URL(url);
  const { version, requirements, sequences } = await read(url, host, tables);
  await requireProgram('pg_dump', version);
  refuseIncomplete(requirements);
  const { parts, types, functions } = requirements;
  const chosen = [...parts, ...requirements.sequences.filter(({ owned }) => !owned)];
  const create: string[] = [];
  if (types.length > 0) {
    const all = await dumpedWithoutRelations(url, new Set(types.map(({ schema }) => schema)));
    create.push(...textsOf(all.filter(({ node }) => isOneOf(typeOf(node), types))));
  }
  if (parts.length > 0) {
    create.push(...textsOf(await dumpedRelations(url, 'pre-data', chosen)));
  }
  const later = sortLater(parts.length > 0 ? await dumpedRelations(url, 'post-data', chosen) : [], parts);
  const schemas = new Set([...chosen, ...types].map(({ schema }) => schema));
  const plain = (statements: readonly string[]): Promise<string[]> =>
    Promise.all(statements.map((statement) => withoutSchemas(statement, schemas)));
  return {
    create: await plain(create),
    keys: await plain(later.keys),
    references: await plain(later.references),
    sequences,
    problems: [...functions.map(functionProblem), ...later.problems],
  };
}

function textsOf(statements: readonly ParsedStatement[]): string[] {
  return statements.map(({ text }) => text);
}

interface Read {
  /** Such as 15. */
  version: number;
  requirements: Requirements;
  sequences: SequencePosition[];
}

async function read(url: string, host: string, tables: readonly Named[]): Promise<Read> {
  const connection = await PostgresTarget.open(url).catch((error: unknown) => {
    throw connectionFault(error, host);
  });
  try {
    await connection.query('begin isolation level repeatable read, read only');
    const [row] = await connection.query<{ version: number }>(
      `select current_setting('server_version_num')::integer / 10000 as version`,
    );
    const requirements = await requirementsOf(connection, tables);
    const sequences: SequencePosition[] = [];
    for (const sequence of requirements.sequences) {
      sequences.push(await positionOf(connection, sequence));
    }
    return { version: row!.version, requirements, sequences };
  } catch (error) {
    throw readingFault(error, host);
  } finally {
    await connection.close();
  }
}

async function positionOf(connection: Target, { schema, name }: UsedSequence): Promise<SequencePosition> {
  const [row] = await connection.query<{ last: string; called: boolean }>(
    `select last_value::text as last, is_called as called from ${quoted(schema)}.${quoted(name)}`,
  );
  return { name, last: BigInt(row!.last), called: row!.called };
}

function refuseIncomplete({ parts }: Requirements): void {
  const foreign = parts.find(({ kind }) => kind === 'f');
  if (foreign !== undefined) {
    throw new TransferError(
      `The partition ${foreign.name} is a foreign table: its rows are on another server. Nothing was changed. Leave its table out.`,
    );
  }
  const heir = parts.find(({ parents }) => parents.length > 0);
  if (heir !== undefined) {
    throw new TransferError(
      `The table ${heir.name} inherits from ${heir.parents.join(', ')}, which is not moved. Nothing was changed. Name both, or neither.`,
    );
  }
}

function functionProblem({ table, name }: { table: string; name: string }): Problem {
  return { table, column: null, what: `the function ${name}, which it uses, is not carried: make it here first` };
}
