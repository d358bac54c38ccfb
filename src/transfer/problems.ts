import { type Finding, MAX_SAMPLES } from './finding.js';
import type { Kind, Policies, Policy } from './policy.js';

/** What was found wrong in a run, and what became of it. */
export class Problems {
  readonly #findings = new Map<string, Finding>();
  readonly #rejected = new Map<string, number>();

  constructor(private readonly policies: Policies) {}

  policyOf(kind: Kind): Policy {
    return this.policies[kind];
  }

  /**
   * Notes rows in which one thing is wrong; more of the same are added to it.
   * @returns what is to be done about them
   */
  found(found: Omit<Finding, 'policy'>): Policy {
    const policy = this.policies[found.kind];
    const key = JSON.stringify([found.table, found.kind, found.column]);
    const before = this.#findings.get(key);
    if (before === undefined) {
      this.#findings.set(key, { ...found, samples: found.samples.slice(0, MAX_SAMPLES), policy });
      return policy;
    }
    before.rows += found.rows;
    before.samples.push(...found.samples.slice(0, MAX_SAMPLES - before.samples.length));
    return policy;
  }

  /** Notes that rows of a table have left the run. */
  rejected(table: string, rows: number): void {
    this.#rejected.set(table, this.rejectedFrom(table) + rows);
  }

  rejectedFrom(table: string): number {
    return this.#rejected.get(table) ?? 0;
  }

  /** All that was found, in the order in which it was. */
  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  /** Those that the run ends for. */
  get fatal(): readonly Finding[] {
    return this.findings.filter(({ policy }) => policy === 'fail');
  }
}
