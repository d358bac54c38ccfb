import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Orm } from '../database/database.js';
import type { Entities } from '../database/in-memory.js';
import { describeCatalog } from './catalog.js';
import { tablesOf } from './catalog-difference.js';
import { MigrationError } from './errors.js';
import { type GeneratedChange, inSafeOrder, stagedChange, type Ways } from './generated-change.js';
import { loadHistoryToExtend, type MigrationFile } from './history.js';
import { newMigrationName } from './migration-name.js';
import { headsOf } from './order.js';
import { withReplay } from './replay.js';
import { type Draft, type DraftStatement, sourceOf } from './revision-source.js';
import { singleCommands } from './single-commands.js';
import { laidOut } from './sql-layout.js';
import { filledInBatches } from './staged.js';
import { suspectedRenames } from './suspected-renames.js';

export interface NewRevision {
  /** What it does, in a few words. */
  message: string;
  /** The folder of the sources. */
  folder: string;
  /** What the history is to make, for `autogenerateRevision`; Laurel's where left out. */
  entities?: Entities;
}

/**
 * Writes a migration without statements, after all there are.
 * @returns its path
 * @throws UsageError where the message has no words for a name
 */
export async function emptyRevision({ message, folder }: NewRevision): Promise<string> {
  const history = await loadHistoryToExtend(folder);
  return write(folder, {
    ...beginning(history, message),
    transactional: true,
    up: [],
    down: [],
    emptyUp: 'One statement in each: this.addSql(`…`);',
    emptyDown: 'The same for the way back; without a way back, remove this method.',
  });
}

/**
 * Writes a migration that fills a column batch by batch, to be completed.
 * @returns its path
 * @throws UsageError where the message has no words for a name
 */
export async function dataRevision({ message, folder }: NewRevision): Promise<string> {
  const history = await loadHistoryToExtend(folder);
  return write(folder, {
    ...beginning(history, message),
    transactional: false,
    outside: 'Each batch is committed by itself, so that nobody waits for long; broken off, it goes on where it was.',
    up: [
      {
        comment: 'Put your table, column, value and key into the next statement, then remove this one.',
        sql: `do $$ begin raise exception 'this migration is a template: put in what is to be filled'; end $$`,
      },
      { sql: filledInBatches({ table: 'some_table', column: 'some_column', value: `'some value'`, key: 'id' }) },
    ],
    down: [],
    emptyUp: '',
    emptyDown: 'Nothing to undo: the values go with their column.',
  });
}

/**
 * Writes what leads from the history to the entities: a migration, and where tables with rows get an index, a
 * constraint or a NOT NULL, a second one outside transactions.
 * @returns their paths; none where there is nothing to change
 * @throws UsageError where the message has no words for a name
 * @throws MigrationError for changes that can be meant in several ways, or that cannot be generated; no file is written
 */
export async function autogenerateRevision({ message, folder, entities }: NewRevision): Promise<string[]> {
  const history = await loadHistoryToExtend(folder);
  const first = beginning(history, message);
  const change = await withReplay(async ({ orm, apply }) => {
    await apply(history);
    return changeToEntities(orm);
  }, entities);
  if (change === null) {
    return [];
  }
  const { inTransaction, outside } = change;
  const drafts: Draft[] = [];
  if (inTransaction.up.length > 0) {
    drafts.push({ ...first, ...NO_STATEMENTS, ...(await laidOutWays(inTransaction)), transactional: true });
  }
  if (outside.up.length > 0) {
    const files = [...history, ...drafts.map(({ name }) => ({ stamp: stampOf(name) }))];
    const second =
      drafts.length === 0
        ? first
        : { ...first, name: newMigrationName(files, `${message} online`), after: [first.name] };
    drafts.push({
      ...second,
      ...NO_STATEMENTS,
      ...(await laidOutWays(outside)),
      transactional: false,
      outside: OUTSIDE,
    });
  }
  return drafts.map((draft) => write(folder, draft));
}

const OUTSIDE = 'Others read and write meanwhile. Each statement can be repeated, where a run is broken off.';

const NO_STATEMENTS = { emptyUp: 'Nothing to do.', emptyDown: 'Nothing to undo.' };

function beginning(history: readonly MigrationFile[], message: string): Pick<Draft, 'name' | 'summary' | 'after'> {
  return {
    name: newMigrationName(history, message),
    summary: asSentence(message.trim()),
    after: headsOf(history).map(({ name }) => name),
  };
}

function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');
}

function stampOf(name: string): string {
  return /\d+/.exec(name)![0];
}

function write(folder: string, draft: Draft): string {
  const path = join(folder, `${draft.name}.ts`);
  writeFileSync(path, sourceOf(draft), { flag: 'wx' });
  return path;
}

async function laidOutWays({ up, down }: Ways): Promise<Ways> {
  const layOut = (statements: DraftStatement[]): Promise<DraftStatement[]> =>
    Promise.all(statements.map(async (statement) => ({ ...statement, sql: await laidOut(statement.sql) })));
  return { up: await layOut(up), down: await layOut(down) };
}

/** @returns null where there is nothing to change */
async function changeToEntities(orm: Orm): Promise<GeneratedChange | null> {
  const sql = await orm.schema.getUpdateSchemaMigrationSQL({ wrap: false });
  const commands = await singleCommands(sql.up);
  if (commands.length === 0) {
    return null;
  }
  const em: SqlEntityManager = orm.em.fork();
  const before = await describeCatalog(em);
  for (const command of inSafeOrder(commands)) {
    await tryOut(em, command.sql);
  }
  const after = await describeCatalog(em);
  const suspected = suspectedRenames(before, after);
  if (suspected.length > 0) {
    throw new MigrationError(
      [
        'No file was written: what follows can be meant in two ways.',
        ...suspected.flatMap(({ text, renamed, replaced }) => [
          `- ${text}`,
          `    renamed:   ${renamed}`,
          `    replaced, and the old values lost:   ${replaced}`,
        ]),
        'Write what is meant, in a migration of its own: laurel migrate revision --empty',
      ].join('\n'),
    );
  }
  const tables = tablesOf(before);
  const change = await stagedChange(sql, new Set([...tablesOf(after)].filter((table) => !tables.has(table))));
  if (change.impossible.length > 0) {
    throw new MigrationError(
      [
        'No file was written: what follows cannot be generated.',
        ...change.impossible.map(({ sql: text, reason }) => `- ${reason}:\n    ${text}`),
        'Write it by hand, in a migration of its own, then generate the rest: laurel migrate revision --empty',
      ].join('\n'),
    );
  }
  return change;
}

async function tryOut(em: SqlEntityManager, statement: string): Promise<void> {
  try {
    await em.getDriver().execute(statement);
  } catch (error) {
    throw new MigrationError(
      `No file was written: what the entities ask for does not follow from the history.\nMikroORM would send: ${statement}\nPostgreSQL answers: ${error instanceof Error ? error.message : String(error)}\nWrite what it needs by hand, e.g. an extension or a function: laurel migrate revision --empty`,
      { cause: error },
    );
  }
}
