import { PGlite } from '@electric-sql/pglite';
import { EmbeddedTarget } from '../../src/transfer/embedded-target.js';
import { checkGame } from '../../src/transfer/game/check-game.js';
import { convertGame } from '../../src/transfer/game/convert.js';
import type { Count } from '../../src/transfer/service/reconciled.js';
import type { GameOptions } from '../../src/transfer/game/options.js';
import { type Reconciliation, reconcileGame } from '../../src/transfer/game/reconcile.js';
import { type GameShape, recogniseGame } from '../../src/transfer/game/shape.js';
import type { Finding } from '../../src/transfer/finding.js';
import { quoted } from '../../src/transfer/identifier.js';
import { KINDS, type Policies } from '../../src/transfer/policy.js';
import { PostgresTarget } from '../../src/transfer/postgres-target.js';
import { Problems } from '../../src/transfer/problems.js';
import { Rejects } from '../../src/transfer/rejects.js';
import { SESSION_SETTINGS } from '../../src/transfer/session-settings.js';
import { runStagedCheck } from '../../src/transfer/staged-check.js';
import type { Column, Table, ValueKind } from '../../src/transfer/table.js';
import type { Target } from '../../src/transfer/target.js';
import { openTestDatabase } from '../support/database.js';
import { migratedDump } from '../support/dump.js';

export interface TestTarget {
  target: Target;
  close(): Promise<void>;
}

/** A migrated, empty database of this test's own: on PostgreSQL where TEST_POSTGRES_URL is set, else embedded. */
export async function openTarget(): Promise<TestTarget> {
  if (process.env['TEST_POSTGRES_URL'] === undefined) {
    const target = new EmbeddedTarget(await PGlite.create({ loadDataDir: migratedDump() }));
    for (const setting of SESSION_SETTINGS) {
      await target.query(setting);
    }
    return { target, close: () => target.close() };
  }
  const database = await openTestDatabase();
  const target = await PostgresTarget.open(database.url!);
  return {
    target,
    close: async () => {
      await target.close();
      await database.close();
    },
  };
}

/** A column as its source describes it, such as `id integer`. */
export function column(definition: string): Column {
  const [name, type] = definition.split(' ') as [string, string];
  const kinds: Record<string, ValueKind> = {
    integer: 'integer',
    varchar: 'text',
    date: 'date',
    timestamp: 'timestamp',
    timestamptz: 'instant',
    uuid: 'uuid',
  };
  return { name, sourceType: type, kind: kinds[type] ?? 'other', type, nullable: true };
}

/** A table without any keys, so that everything can be wrong with it. */
export function table(name: string, definitions: string): Table {
  return { name, columns: definitions.split(', ').map(column), primaryKey: [], uniques: [], foreignKeys: [] };
}

export const TABLES = [
  table(
    'users',
    'id integer, email varchar, nickname varchar, password varchar, birth_date date, role varchar, user_id uuid',
  ),
  table('scores', 'id integer, user_id integer, score integer, created_at timestamp'),
  table('friendships', 'id integer, requester_id integer, receiver_id integer, status varchar, created_at timestamp'),
  table(
    'monthly_scores',
    'id integer, user_id integer, year integer, month integer, score integer, updated_at timestamp',
  ),
  table('game_visits', 'id integer, user_id integer, visit_date date, visit_count integer'),
];

export const GAME = recogniseGame(TABLES)!;

/** Rows by table, each an object of its columns; users get what a test does not care for. */
export type Rows = Record<string, Record<string, unknown>[]>;

/** A user with everything in order. */
export function user(id: number, rest: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id,
    email: `player${id}@example.com`,
    nickname: `nick${id}`,
    password: `$2b$10$${'a'.repeat(53)}`,
    birth_date: '2000-01-01',
    role: 'user',
    ...rest,
  };
}

export const OPTIONS: GameOptions = { timeZone: 'UTC', seasonTimeZone: 'UTC', merge: undefined };

/** Every kind fails but for those named. */
export function policies(named: Partial<Policies> = {}): Policies {
  const all = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 'fail']));
  return { ...all, ...named } as unknown as Policies;
}

/** Makes the staging tables and puts the rows there. */
export async function stage(target: Target, rows: Rows, shape: GameShape = GAME): Promise<void> {
  for (const staged of shape.tables) {
    await target.query(staged.create);
    const columns = staged.table.columns.map(({ name }) => quoted(name)).join(', ');
    await target.query(
      `insert into ${quoted(staged.table.name)} (${columns}) select ${columns}
        from json_populate_recordset(null::${quoted(staged.table.name)}, $1::json)`,
      [JSON.stringify(rows[staged.name] ?? [])],
    );
  }
}

export interface Checked {
  findings: readonly Finding[];
  /** Rows that were rejected, by table. */
  rejected: Record<string, number>;
}

/** What is wrong with the staged rows, after the policies have been applied. */
export async function check(
  target: Target,
  named: Partial<Policies> = {},
  options: GameOptions = OPTIONS,
  shape: GameShape = GAME,
): Promise<Checked> {
  const problems = new Problems(policies(named));
  const rejects = Rejects.into(undefined, []);
  await checkGame(target, shape, options, (each) => runStagedCheck(target, problems, rejects, each));
  const rejected = Object.fromEntries(
    shape.tables.map(({ source }) => [source.name, problems.rejectedFrom(source.name)]),
  );
  return { findings: problems.findings, rejected };
}

export interface Moved extends Checked {
  counts: Count[];
  reconciliation: Reconciliation;
}

/** Stages, checks, converts and compares, in the transaction that is open. */
export async function move(
  target: Target,
  rows: Rows,
  named: Partial<Policies> = {},
  options: GameOptions = OPTIONS,
  shape: GameShape = GAME,
): Promise<Moved> {
  await stage(target, rows, shape);
  const checked = await check(target, named, options, shape);
  const counts = await convertGame(target, shape, options);
  return { ...checked, counts, reconciliation: await reconcileGame(target, shape, options, counts) };
}

/** As `move`, in a transaction that is committed: later runs find what it wrote. */
export async function moveAndCommit(target: Target, rows: Rows): Promise<void> {
  await target.query('begin');
  await move(target, rows);
  await target.query('commit');
}

/** Does something in a transaction of its own, of which nothing remains. */
export async function undone<T>(target: Target, work: () => Promise<T>): Promise<T> {
  await target.query('begin');
  try {
    return await work();
  } finally {
    await target.query('rollback');
  }
}
