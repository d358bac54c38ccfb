import { type Checksum, minus, NOTHING, plus } from '../checksum.js';
import { quoted } from '../identifier.js';
import { rowHashSql } from '../row-hash.js';
import type { StagedCheck } from '../staged-check.js';
import type { Target } from '../target.js';
import type { Unique } from '../new-table.js';
import type { Arrived } from './arrived.js';
import { comparisonOf, storedChecksum } from './compare.js';
import type { TableReport } from './report.js';
import { deleteFound } from './row-checks.js';
import { differingSums, isStandings, rankAsHere, STANDING_WINS } from './standing-merge.js';
import { refuseTriggerChanges } from './trigger-changes.js';

/**
 * What becomes of a row whose primary key is there already and that is another one: `fail` is a finding, `newer` keeps
 * the one with the later `updated_at`, or what is there without such a column, `source` takes the source's. Laurel's
 * standings keep to the rule of their board instead.
 */
export type MergeRule = 'fail' | 'newer' | 'source';

/** A column by which rows say how old they are. */
const AGE = 'updated_at';

/** Rows that cannot stand beside those that are there. */
export function collisionChecks(arrived: Arrived, rule: MergeRule): StagedCheck[] {
  const { name, table, rules } = arrived;
  const check = (column: string, rows: string): StagedCheck => ({
    kind: 'duplicates',
    table,
    sourceName: name,
    column,
    rows,
    // The first one is the one that was there first.
    repairs: { first: [deleteFound(table.name)] },
  });
  const key = table.primaryKey;
  const checks: StagedCheck[] = [];
  if (rule === 'fail' && key.length > 0) {
    checks.push(
      check(
        key.join(', '),
        `select s.ctid from ${quoted(table.name)} s join ${quoted(name)} t on ${sameKey(key)} where ${hashOf(arrived, 's')} <> ${hashOf(arrived, 't')}`,
      ),
    );
  }
  if (rule === 'newer' && isStandings(arrived)) {
    checks.push(differingSums(arrived));
  }
  const [, ...others] = key.length > 0 ? rules.uniques : [undefined, ...rules.uniques];
  for (const unique of others) {
    checks.push(check(unique!.name, uniqueCollisions(arrived, unique!)));
  }
  return checks;
}

function uniqueCollisions({ name, table }: Arrived, { parts, where, nullsEqual }: Unique): string {
  const key = table.primaryKey;
  const side = (relation: string): string =>
    `select ctid as tid, ${[...parts.map((part, index) => `${part} as part_${index}`), ...key.map((column, index) => `${quoted(column)} as key_${index}`)].join(', ')}
      from ${quoted(relation)} ${where === undefined ? '' : `where ${where}`}`;
  const equal = parts.map(
    (_, index) => `s.part_${index} ${nullsEqual === true ? 'is not distinct from' : '='} t.part_${index}`,
  );
  const isOther =
    key.length === 0 ? '' : `and (${key.map((_, index) => `s.key_${index} <> t.key_${index}`).join(' or ')})`;
  return `select s.tid from (${side(table.name)}) s join (${side(name)}) t on ${equal.join(' and ')} ${isOther}`;
}

/**
 * Writes the rows that have arrived into the table that is there.
 * @returns what became of them, and the proof: what the table has more now is what arrived
 * @throws TransferError where the table's own triggers have changed what was written
 */
export async function writeArrived(
  target: Target,
  arrived: Arrived,
  rule: MergeRule,
): Promise<Pick<TableReport, 'written' | 'merged' | 'updated' | 'comparisons'>> {
  const { name, table } = arrived;
  const into = quoted(name);
  const from = quoted(table.name);
  const columns = table.columns.filter(({ generated }) => generated !== true).map((column) => quoted(column.name));
  const [there] = await target.query<{ some: boolean }>(`select exists (select from ${into}) as some`);
  const isMerged = there!.some && table.primaryKey.length > 0;
  if (isStandings(arrived)) {
    await rankAsHere(target, arrived);
  }
  const before = there!.some ? await storedChecksum(target, into, table.columns) : { ...NOTHING, sums: undefined };
  await findMerged(target, arrived, rule, isMerged);
  const fresh = `select s.* from ${from} s where not exists (select from laurel_met m where m.tid = s.ctid)`;
  const winners = `select s.* from ${from} s join laurel_met m on m.tid = s.ctid and m.wins`;
  const changed = `${fresh} union all ${winners}`;
  const added = await storedChecksum(target, `(${changed}) x`, table.columns);
  const replaced = isMerged
    ? await storedChecksum(
        target,
        `(select t.* from ${into} t join (${winners}) s on ${sameKey(table.primaryKey)}) x`,
        table.columns,
      )
    : undefined;
  const updated = isMerged ? await update(target, arrived, winners) : 0;
  const written = await counted(
    target,
    `with inserted as (insert into ${into} (${columns.join(', ')}) overriding system value
      select ${columns.join(', ')} from (${fresh}) s returning 1) select count(*)::integer as rows from inserted`,
  );
  const merged = await counted(target, 'select count(*)::integer as rows from laurel_met');
  const after = await storedChecksum(target, into, table.columns);
  const comparison = comparisonOf('checked and stored', added, growth(before, replaced, after), table.columns);
  if (!comparison.equal) {
    await refuseTriggerChanges(target, arrived, changed);
  }
  await target.query('drop table laurel_met');
  return { written, merged, updated, comparisons: [comparison] };
}

/** What a table has gained: rows that took the place of others count with both. */
function growth(before: Checksum, replaced: Checksum | undefined, after: Checksum): Checksum {
  const grown = before.rows === 0n ? after : minus(after, before);
  return replaced === undefined ? grown : plus(grown, replaced);
}

/** Makes the temporary table laurel_met of rows that are there already: which (`tid`), and whether they take their place. */
async function findMerged(target: Target, arrived: Arrived, rule: MergeRule, isMerged: boolean): Promise<void> {
  const { name, table } = arrived;
  if (!isMerged) {
    await target.query('create temporary table laurel_met (tid tid, wins boolean) on commit drop');
    return;
  }
  const hasAge = table.columns.some((column) => column.name === AGE);
  const isNewer = isStandings(arrived) ? STANDING_WINS : hasAge ? `s.${AGE} > t.${AGE}` : 'false';
  const wins = { fail: 'false', newer: isNewer, source: 'true' }[rule];
  await target.query(
    `create temporary table laurel_met on commit drop as
      select s.ctid as tid, coalesce(${wins}, false) and ${hashOf(arrived, 's')} <> ${hashOf(arrived, 't')} as wins
      from ${quoted(table.name)} s join ${quoted(name)} t on ${sameKey(table.primaryKey)}`,
  );
  await target.query('create index on laurel_met (tid)');
  await target.query('analyze laurel_met');
}

async function update(target: Target, { name, table }: Arrived, winners: string): Promise<number> {
  const own = table.columns.filter((column) => column.generated !== true && !table.primaryKey.includes(column.name));
  if (own.length === 0) {
    return 0;
  }
  const assignments = own.map((column) => `${quoted(column.name)} = s.${quoted(column.name)}`);
  return counted(
    target,
    `with updated as (update ${quoted(name)} t set ${assignments.join(', ')} from (${winners}) s
      where ${sameKey(table.primaryKey)} returning 1) select count(*)::integer as rows from updated`,
  );
}

function sameKey(key: readonly string[]): string {
  return key.map((column) => `s.${quoted(column)} = t.${quoted(column)}`).join(' and ');
}

/** SQL: the hash of a row of `s` or `t` over the columns that come from the source. */
function hashOf({ table }: Arrived, alias: string): string {
  return `(select ${rowHashSql(table.columns)} from (select ${alias}.*) one)`;
}

async function counted(target: Target, sql: string): Promise<number> {
  const [row] = await target.query<{ rows: number }>(sql);
  return row!.rows;
}
