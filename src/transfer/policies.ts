import { readFileSync } from 'node:fs';
import { UsageError } from '../migrate/errors.js';
import { type Kind, KINDS, type Policies, type Policy } from './policy.js';

/** Kinds that rows cannot be left out for: they are of tables, or of all rows. */
const NOT_ROWS = new Set<Kind>(['definitions', 'time-zones']);

/** The kinds, in the order in which people are told of them. */
export const ALL_KINDS = Object.keys(KINDS) as Kind[];

/** What can be done about a kind: `fail`, `reject` where that makes sense, and its repairs. */
export function choicesOf(kind: Kind): Policy[] {
  const reject = NOT_ROWS.has(kind) ? [] : ['reject'];
  return ['fail', ...reject, ...Object.keys(KINDS[kind].repairs)];
}

/**
 * What to do about each kind: as the flags say, else as the file says, else to fail.
 * @param flags by kind
 * @param file a path: JSON, an object of kinds and what to do about them
 * @throws UsageError for kinds and choices that are not there, and for a file that cannot be read as one
 */
export function readPolicies(flags: Readonly<Partial<Record<Kind, string>>>, file?: string): Policies {
  const filed = file === undefined ? {} : readFile(file);
  const policies = {} as Record<Kind, Policy>;
  for (const kind of ALL_KINDS) {
    policies[kind] = chosen(kind, flags[kind], `--${kind}`) ?? chosen(kind, filed[kind], `${file}: ${kind}`) ?? 'fail';
  }
  return policies;
}

function chosen(kind: Kind, policy: unknown, where: string): Policy | undefined {
  if (policy === undefined) {
    return undefined;
  }
  const choices = choicesOf(kind);
  if (typeof policy !== 'string' || !choices.includes(policy)) {
    throw new UsageError(
      `${where} cannot be ${JSON.stringify(policy)}. Nothing was changed. It is one of: ${choices.join(', ')}`,
    );
  }
  return policy;
}

function readFile(path: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} cannot be read as policies: ${(error as Error).message}. Nothing was changed.`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(`${path} has no policies. Nothing was changed. It is to be like { "orphans": "reject" }`);
  }
  const unknown = Object.keys(content).filter((kind) => !Object.hasOwn(KINDS, kind));
  if (unknown.length > 0) {
    throw new UsageError(
      `${path} has policies for ${unknown.join(', ')}, which is nothing that is looked for. Nothing was changed. There are: ${ALL_KINDS.join(', ')}`,
    );
  }
  return content as Record<string, unknown>;
}
