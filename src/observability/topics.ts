import type { OperationTypeNode } from 'graphql';
import type { RuleName } from '../limits/rules.js';
import { Topic } from './topic.js';

/** What became of an operation: `ok`, or the code of its gravest error. */
export type Outcome = string;

export interface FinishedOperation {
  /** As the client calls it; undefined for one without a name, or that was not found. */
  name: string | undefined;
  /** Whether the operator's file of operations has it. */
  isPersisted: boolean;
  /** Undefined where it was refused before that was known. */
  type: OperationTypeNode | undefined;
  outcome: Outcome;
  milliseconds: number;
}

export interface FinishedStatement {
  text: string;
  /** By `performance.now()`. */
  startedAt: number;
  milliseconds: number;
  /** Undefined where it succeeded. */
  error: unknown;
}

export const operationFinished = new Topic<FinishedOperation>('operation-finished');
export const statementFinished = new Topic<FinishedStatement>('statement-finished');
/** After a serialization failure or a deadlock. */
export const transactionRetried = new Topic<void>('transaction-retried');
/** An idle connection to the database has broken. */
export const connectionLost = new Topic<void>('connection-lost');
export const rateLimitRefused = new Topic<RuleName>('rate-limit-refused');
/** A request was refused for there is too much to do; by what that was seen. */
export const requestShed = new Topic<'in_flight' | 'event_loop' | 'passwords'>('request-shed');
export const scoreSubmitted = new Topic<{ improved: boolean }>('score-submitted');
export const jobEnded = new Topic<{ queue: string; failed: boolean }>('job-ended');
export const mailEnded = new Topic<{ failed: boolean }>('mail-ended');
