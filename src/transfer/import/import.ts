import { isNativeError } from 'node:util/types';
import { RUNNER_LOCK } from '../../migrate/runner-lock-key.js';
import { TransferError } from '../errors.js';
import { literal } from '../identifier.js';
import type { Policies } from '../policy.js';
import { Problems } from '../problems.js';
import { Rejects } from '../rejects.js';
import type { Source } from '../source.js';
import type { Table } from '../table.js';
import type { Target } from '../target.js';
import { settleDeferred } from './deferred.js';
import type { ImportReport, Outcome } from './report.js';
import type { Moved, Mover, Progress, Run } from './run.js';

export interface ImportOptions {
  policies: Policies;
  /** Where rejected rows go; undefined where nothing may be rejected. */
  rejects?: string | undefined;
  timeZone?: string | undefined;
  /** Reads and checks, and writes nothing. */
  dryRun?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Keeps the report, before the commit: where that fails, nothing is changed. */
  onReport?: ((report: ImportReport) => void) | undefined;
}

/**
 * Moves all of a source in one transaction: everything is there afterwards and proven to be what the source has, or
 * nothing was changed.
 * @param target without a transaction under way; `targetName` is for people
 * @throws TransferError where it could not be done, or was ended by the signal; UsageError for what cannot be asked for
 */
export async function runImport<T extends Table>(
  source: Source<T>,
  { target, targetName }: { target: Target; targetName: string },
  mover: Mover,
  options: ImportOptions,
): Promise<ImportReport> {
  const started = Date.now();
  const problems = new Problems(options.policies);
  const rejects = Rejects.into(options.rejects, mover.tables);
  const run: Run = {
    mode: mover.mode,
    target,
    problems,
    rejects,
    timeZone: options.timeZone,
    dryRun: options.dryRun === true,
    signal: options.signal,
    onProgress: options.onProgress ?? (() => undefined),
    notes: [...(mover.notes ?? [])],
  };
  const stop = (): void => void endBoth(source, target);
  options.signal?.addEventListener('abort', stop);
  try {
    return await inTransaction(target, async () => {
      await mover.prepare?.(run);
      const moved = await moveAll(mover, run);
      options.signal?.throwIfAborted();
      const outcome = outcomeOf(run, moved);
      await rejects.keep(outcome === 'done');
      const report: ImportReport = {
        source: source.name,
        target: targetName,
        mode: mover.mode,
        dryRun: run.dryRun,
        outcome,
        startedAt: new Date(started).toISOString(),
        seconds: (Date.now() - started) / 1000,
        ...moved,
        findings: [...problems.findings],
        notCarried: [...mover.notCarried],
        notes: run.notes,
        rejects: rejects.paths,
      };
      options.onReport?.(report);
      return report;
    });
  } catch (error) {
    if (error instanceof UnknownOutcome) {
      // The rejected rows may be all that there is of them.
      throw error;
    }
    await rejects.discard();
    throw options.signal?.aborted === true
      ? new TransferError('Interrupted. Nothing was changed, on neither side. Run it again to have it whole.')
      : error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

/** What the commit would still do is done before it, so that the proof is of what there will be. */
async function moveAll(mover: Mover, run: Run): Promise<Moved> {
  const moved = await mover.move(run);
  if (run.dryRun || run.problems.fatal.length > 0) {
    return moved;
  }
  const audits = await settleDeferred(run.target, mover.filled);
  return { ...moved, audits: [...moved.audits, ...audits] };
}

/** The connection broke in the commit. */
class UnknownOutcome extends TransferError {}

async function endBoth(source: { close(): Promise<void> }, target: Target): Promise<void> {
  await source.close();
  // A server that cannot be reached any more ends the statement by itself.
  await target.cancel().catch(() => undefined);
}

function outcomeOf({ problems, dryRun }: Run, { tables, audits }: Moved): Outcome {
  if (problems.fatal.length > 0) {
    return 'findings';
  }
  const isEqual = tables.every(({ comparisons }) => comparisons.every(({ equal }) => equal));
  if (!isEqual || audits.some(({ wrong }) => wrong > 0)) {
    return 'differs';
  }
  return dryRun ? 'checked' : 'done';
}

async function inTransaction<R extends { outcome: Outcome }>(target: Target, work: () => Promise<R>): Promise<R> {
  await target.query('begin');
  try {
    await lock(target);
    const result = await work();
    if (result.outcome === 'done') {
      await commit(target);
    } else {
      await target.query('rollback');
    }
    return result;
  } catch (error) {
    await target.query('rollback').catch(() => undefined);
    throw explained(error);
  }
}

/** Beside a migration, tables would change under the rows. */
async function lock(target: Target): Promise<void> {
  const [taken] = await target.query<{ taken: boolean }>(`select pg_try_advisory_xact_lock(${RUNNER_LOCK}) as taken`);
  if (taken?.taken !== true) {
    throw new TransferError(
      'A migration or another import is under way. Nothing was changed. Wait for it, then run this again.',
    );
  }
}

/** A connection that breaks now leaves open whether all is there: then the server's log of transactions is to be asked. */
async function commit(target: Target): Promise<void> {
  const [transaction] = await target.query<{ id: string | null }>(
    'select pg_current_xact_id_if_assigned()::text as id',
  );
  try {
    await target.query('commit');
  } catch (error) {
    if (isOfConstraint(error) || transaction?.id == null) {
      throw error;
    }
    throw new UnknownOutcome(
      `The connection broke while the transaction was being committed (${messageOf(error)}): all is there, or nothing.\nWhich of both: select pg_xact_status(${literal(transaction.id)}). Where it says aborted, run this again.`,
    );
  }
}

/** Deferred constraints are checked by the commit, which does nothing then. */
function isOfConstraint(error: unknown): boolean {
  return codeOf(error)?.startsWith('23') === true;
}

const EXPLAINED_BY_NAME = new Set(['TransferError', 'UsageError', 'MigrationError', 'AbortError']);

/** What the server or the system says has a code; anything else is a fault of ours and stays as it is. */
function explained(error: unknown): unknown {
  if (!isNativeError(error) || EXPLAINED_BY_NAME.has(error.name)) {
    return error;
  }
  if (codeOf(error) === undefined && !error.message.startsWith('Connection terminated')) {
    return error;
  }
  return new TransferError(`The database refused or was lost: ${messageOf(error)}. Nothing was changed.`, {
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return isNativeError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  if (!isNativeError(error)) {
    return String(error);
  }
  // Where in a COPY; without the value, which may be anybody's.
  const [place = ''] = /^COPY [^:]*/.exec((error as { where?: string }).where ?? '') ?? [];
  return [error.message, place].filter((part) => part !== '').join('; ');
}
