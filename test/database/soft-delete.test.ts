import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import { SOFT_DELETED } from '../../src/database/soft-delete.js';

/** What may read deleted rows too, and why. Everything else filters. */
const READS_DELETED: Readonly<Record<string, string>> = {
  'src/account/housekeeping.job.ts': 'scrubs what was locked as deleted before',
  'src/account/last-write.service.ts': 'who has just deleted their account has written too',
  'src/account/leaver.loader.ts': 'who has left in the moment between is shown as they were',
  'src/account/life-cycle.loader.ts': 'what is private, of users that were loaded by the filter',
  'src/account/user.loader.ts': 'what is private, of users that were loaded by the filter',
  'src/admin/role.service.ts': 'a user that was locked, and is there',
  'src/admin/suspension.job.ts': 'a suspension ends, whoever is deleted',
  'src/admin/suspension.service.ts': 'a user that was locked, and is there',
  'src/identity/identity-account.ts':
    'the identities and addresses of deleted accounts stay theirs until they are scrubbed',
  'src/leaderboard/rank-repair.service.ts': 'makes up for what happened to deleted users too',
  'src/leaderboard/standing-list.ts': 'ranked standings are of users who are there',
  'src/leaderboard/void-score.service.ts': "a deleted player's score can be voided",
  'src/post/post.loader.ts': 'what posts say that were loaded by the filter',
  'src/staff/employee.loader.ts': 'whose the schedules are that were loaded by the filter',
};

const TABLES = new RegExp(String.raw`\b(?:from|join)\s+(?:${SOFT_DELETED.join('|')})\b`);
const FILTER = /notDeleted|isPresent|deleted_at|visiblePosts|presentSchedules|standing/;

/** The statements in a file, each with the names of all that is put into it. */
function statementsOf(file: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (isNode(node) && node.type === 'TaggedTemplateExpression' && wordsOf(node['tag'])[0] === 'sql') {
      found.push(wordsOf(node['template']).join(' '));
    } else if (typeof node === 'object' && node !== null) {
      Object.values(node).forEach(visit);
    }
  };
  visit(parseSync(readFileSync(file, 'utf8'), { syntax: 'typescript', decorators: true }));
  return found;
}

type Node = Record<string, unknown> & { type: string };

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function wordsOf(node: unknown): string[] {
  if (isNode(node) && node.type === 'TemplateElement') {
    return [String(node['raw'])];
  }
  if (isNode(node) && node.type === 'Identifier') {
    return [String(node['value'])];
  }
  return typeof node === 'object' && node !== null ? Object.values(node).flatMap(wordsOf) : [];
}

test('every statement on a table with deleted rows filters them, or says why not', () => {
  const files = globSync('src/**/*.ts', { exclude: ['src/transfer/**', 'src/migrate/**', 'src/seed/**'] });
  const unfiltered = files.filter((file) =>
    statementsOf(file).some((statement) => TABLES.test(statement) && !FILTER.test(statement)),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(unfiltered.toSorted()).toEqual(Object.keys(READS_DELETED).toSorted());
});
