import type { KnownSchema } from '../known-schema.js';
import { LockMode, locksOf, type TableLock, worksOnRows } from '../locks.js';
import { type LintedMigration, renamedTable } from '../statements.js';
import type { FoundFault } from './rule.js';

interface HeldLock {
  mode: LockMode;
  /** The statement that took it. */
  since: number;
}

/**
 * Existing tables are locked against writers one after the other, with work on rows between; or a lock is raised that
 * does not keep others from waiting for it in turn. Either can deadlock with whoever takes them in another order.
 */
export function lockOrder({ file, statements }: LintedMigration, schema: KnownSchema): FoundFault[] {
  const faults: FoundFault[] = [];
  let held = new Map<string, HeldLock>();
  let lastWork = 0;
  for (const { number, node, newTables } of file.transactional ? statements : []) {
    const wanted = locksOf(node, schema).filter(({ table }) => !newTables.has(table));
    const late = wanted.find((lock) => isLate(lock, held, lastWork) || isRaised(lock, held));
    if (late !== undefined) {
      faults.push(faultOf(number, late, held, lastWork));
    }
    for (const { table, mode } of wanted) {
      const before = held.get(table);
      if (before === undefined || before.mode < mode) {
        held.set(table, { mode, since: number });
      }
    }
    if (worksOnRows(node, newTables)) {
      lastWork = number;
    }
    const rename = renamedTable(node);
    if (rename !== undefined) {
      held = new Map([...held].map(([table, lock]) => [table === rename.from ? rename.to : table, lock]));
    }
    schema.apply(node);
  }
  return faults;
}

/** Waits for a table while others have waited for another, since before rows were worked on. */
function isLate({ table, mode }: TableLock, held: ReadonlyMap<string, HeldLock>, lastWork: number): boolean {
  return mode >= LockMode.SHARE && !held.has(table) && othersHeld(table, held).some(({ since }) => since <= lastWork);
}

function othersHeld(table: string, held: ReadonlyMap<string, HeldLock>): HeldLock[] {
  return [...held].filter(([other, { mode }]) => other !== table && mode >= LockMode.SHARE).map(([, lock]) => lock);
}

/** A weaker lock lets others come as far as that both wait for each other. */
function isRaised({ table, mode }: TableLock, held: ReadonlyMap<string, HeldLock>): boolean {
  const before = held.get(table);
  return (
    before !== undefined &&
    mode >= LockMode.SHARE &&
    mode > before.mode &&
    before.mode !== LockMode.SHARE_UPDATE_EXCLUSIVE
  );
}

function faultOf(
  statement: number,
  { table, mode }: TableLock,
  held: ReadonlyMap<string, HeldLock>,
  lastWork: number,
): FoundFault {
  const before = held.get(table);
  const others = [...held].filter(([other, lock]) => other !== table && lock.mode >= LockMode.SHARE);
  const first = others.map(([other]) => other).join(', ');
  const message =
    before === undefined
      ? `It waits for ${table} while it has kept others from ${first} since before statement ${lastWork} worked on rows: who has them the other way round makes a deadlock.`
      : `It raises its lock on ${table}, that statement ${before.since} took as ${nameOf(before.mode)}, to ${nameOf(mode)}: whoever got as far meanwhile makes a deadlock.`;
  const tables = before === undefined ? [...others.map(([other]) => other), table] : [table];
  return {
    statement,
    rule: 'lock-order',
    message,
    rewrite: `-- before anything else:\nlock table ${tables.join(', ')} in access exclusive mode;`,
  };
}

function nameOf(mode: LockMode): string {
  return (LockMode[mode] ?? 'EXCLUSIVE').replaceAll('_', ' ');
}
