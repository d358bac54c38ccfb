import { type Checksum, equal, NOTHING, plus } from '../checksum.js';
import { quoted } from '../identifier.js';
import type { Column } from '../table.js';
import type { Target } from '../target.js';
import type { Arrived } from './arrived.js';
import { storedChecksum } from './compare.js';
import { isStandings } from './standing-merge.js';
import type { Audit, TableReport } from './report.js';

/**
 * Sees that tables which were written one after the other stay as they were proven: triggers, rules and cascading keys
 * of one can change another.
 */
export class Watch {
  /** What each table is to be in the end; until it has been written, what it was in the beginning. */
  readonly #expected = new Map<string, Checksum>();
  readonly #changed = new Set<string>();

  private constructor(
    private readonly target: Target,
    private readonly tables: readonly Arrived[],
  ) {}

  /** @returns undefined where writing to one of the tables does nothing but that */
  static async of(target: Target, tables: readonly Arrived[]): Promise<Watch | undefined> {
    const [found] = await target.query<{ some: boolean }>(SIDE_EFFECTS, [tables.map(({ name }) => quoted(name))]);
    if (found?.some !== true) {
      return undefined;
    }
    const watch = new Watch(target, tables);
    for (const arrived of tables) {
      watch.#expected.set(arrived.name, await watch.sum(arrived));
    }
    return watch;
  }

  /** To be called before a table is written. */
  async beforeWriting(arrived: Arrived): Promise<void> {
    await this.compare(arrived);
  }

  /** To be called when a table has been written. @param written what was proven then */
  async afterWriting(
    arrived: Arrived,
    { updated, comparisons }: Pick<TableReport, 'updated' | 'comparisons'>,
  ): Promise<void> {
    const gained = comparisons.at(-1)?.found;
    const before = this.#expected.get(arrived.name)!;
    // Rows that took the place of others count twice there.
    const after =
      updated > 0 || gained === undefined || isStandings(arrived)
        ? await this.sum(arrived)
        : plus(before, { rows: BigInt(gained.rows), hash: BigInt(gained.hash) });
    this.#expected.set(arrived.name, after);
  }

  /** Compares all tables once more. */
  async audits(): Promise<Audit[]> {
    for (const arrived of this.tables) {
      await this.compare(arrived);
    }
    return this.tables.map(({ name }) => ({ what: changedLater(name), wrong: this.#changed.has(name) ? 1 : 0 }));
  }

  private async compare(arrived: Arrived): Promise<void> {
    const { rows, hash } = await this.sum(arrived);
    if (!equal(this.#expected.get(arrived.name)!, { rows, hash })) {
      this.#changed.add(arrived.name);
    }
  }

  private async sum(arrived: Arrived): Promise<Checksum> {
    const { name } = arrived;
    const [there] = await this.target.query<{ some: boolean }>(`select exists (select from ${quoted(name)}) as some`);
    return there!.some ? await storedChecksum(this.target, quoted(name), lastingColumns(arrived)) : NOTHING;
  }
}

/** Whether a standing is ranked goes by its player's account, which can be written after it or before. */
function lastingColumns(arrived: Arrived): Column[] {
  const { columns } = arrived.table;
  return isStandings(arrived) ? columns.filter(({ name }) => name !== 'ranked') : columns;
}

/** For people: what an audit counts. */
export function changedLater(table: string): string {
  return `table that triggers, rules or cascading keys changed after it was written and proven: ${table}`;
}

const SIDE_EFFECTS = `
  select exists (select from pg_trigger where tgrelid = any ($1::regclass[]) and not tgisinternal and tgenabled <> 'D')
    or exists (select from pg_rewrite where ev_class = any ($1::regclass[]) and ev_type <> '1')
    or exists (select from pg_constraint where confrelid = any ($1::regclass[]) and confupdtype in ('c', 'n', 'd'))
    as some`;
