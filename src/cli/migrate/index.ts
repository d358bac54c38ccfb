import type { Command } from 'commander';
import { addCheck } from './check.js';
import { addLint } from './lint.js';
import { addMerge } from './merge.js';
import { addRevision } from './new-revision.js';
import { addRun } from './run.js';
import { addSql } from './sql.js';
import { addStamp } from './stamp.js';
import { addStatus } from './status.js';
import { addVerify } from './verify.js';

/** `laurel migrate`: the schema's history. */
export function addMigrate(program: Command): void {
  const migrate = program.command('migrate').description('bring the database schema to where this build needs it');
  addStatus(migrate);
  addRun(migrate);
  addSql(migrate);
  addMerge(migrate);
  addLint(migrate);
  addVerify(migrate);
  addCheck(migrate);
  addStamp(migrate);
  addRevision(migrate);
}
