import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MigrationError } from '../errors.js';
import type { Finding } from './finding.js';

const waiver = z.strictObject({
  migration: z.string(),
  rule: z.string(),
  /** Why it is fine there. */
  reason: z.string().default(''),
});

/** A rule that a migration may break. */
export type Waiver = z.infer<typeof waiver>;

/** A finding that is waived. */
export interface WaivedFinding extends Finding {
  reason: string;
}

export const WAIVERS_FILE = 'lint.json';

/**
 * The waivers that are in a folder of migrations; none where it has no such file.
 * @throws MigrationError where the file is not understood
 */
export function readWaivers(folder: string): Waiver[] {
  const path = join(folder, WAIVERS_FILE);
  if (!existsSync(path)) {
    return [];
  }
  try {
    return z.array(waiver).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new MigrationError(
      `${path} is not understood. It is a list of { "migration": …, "rule": …, "reason": … }.\n${String(error)}`,
      { cause: error },
    );
  }
}

/**
 * Takes out of the findings what is waived, and adds what is wrong with the waivers: no reason, or nothing to waive.
 * @param linted the names of the migrations that the findings are of: waivers of others may wait
 * @param all the names of all migrations
 */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
  linted: ReadonlySet<string>,
  all: ReadonlySet<string>,
): { findings: Finding[]; waived: WaivedFinding[] } {
  const waived: WaivedFinding[] = [];
  const left: Finding[] = [];
  for (const finding of findings) {
    const { reason } = waivers.find((each) => covers(each, finding) && each.reason.trim() !== '') ?? {};
    if (reason === undefined) {
      left.push(finding);
    } else {
      waived.push({ ...finding, reason });
    }
  }
  const faults = waivers
    .filter(({ migration }) => linted.has(migration) || !all.has(migration))
    .flatMap((each) => faultOf(each, findings, all) ?? []);
  return { findings: [...left, ...faults], waived };
}

function covers({ migration, rule }: Waiver, finding: Finding): boolean {
  return migration === finding.migration && rule === finding.rule;
}

function faultOf(each: Waiver, findings: readonly Finding[], all: ReadonlySet<string>): Finding | undefined {
  const message = messageOf(each, findings, all);
  return message === undefined
    ? undefined
    : {
        migration: each.migration,
        statement: null,
        line: '',
        rule: 'waiver',
        message: `${WAIVERS_FILE} waives ${each.rule} ${message}`,
        rewrite: `-- in ${WAIVERS_FILE}: give it a reason, or take it out`,
      };
}

function messageOf(each: Waiver, findings: readonly Finding[], all: ReadonlySet<string>): string | undefined {
  if (!all.has(each.migration)) {
    return 'in a migration that is not there.';
  }
  if (!findings.some((finding) => covers(each, finding))) {
    return 'where nothing breaks it.';
  }
  return each.reason.trim() === '' ? 'without a reason.' : undefined;
}
