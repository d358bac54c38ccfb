import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Policy } from '../../src/transfer/policy.js';
import { Problems } from '../../src/transfer/problems.js';
import { Rejects } from '../../src/transfer/rejects.js';
import { runStagedCheck, type StagedCheck } from '../../src/transfer/staged-check.js';
import type { Column } from '../../src/transfer/table.js';
import type { Target } from '../../src/transfer/target.js';
import { openEmptyTarget, policies } from './support.js';

let target: Target;
let folder: string;

beforeAll(async () => {
  target = await openEmptyTarget();
});

afterAll(() => target.close());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laurel-rejects-'));
  await target.query('begin');
  await target.query(
    'create temporary table laurel_staging_visits (id bigint, player bigint, note text) on commit drop',
  );
  await target.query(`insert into laurel_staging_visits values
    (12, null, 'kept'), (9, 70, 'a "quoted", note'), (3, 71, ''), (8, 72, null)`);
});

afterEach(async () => {
  await target.query('rollback');
  rmSync(folder, { recursive: true });
});

const ID: Column = { name: 'id', sourceType: 'int', kind: 'integer', type: 'bigint', nullable: false };

const ORPHANS: StagedCheck = {
  kind: 'orphans',
  table: {
    name: 'laurel_staging_visits',
    columns: [ID, { ...ID, name: 'player' }, { ...ID, name: 'note', kind: 'text', type: 'text' }],
    primaryKey: ['id'],
    uniques: [],
    foreignKeys: [],
  },
  sourceName: 'visits',
  column: 'player',
  // A row that is found twice is one row.
  rows: 'select ctid from laurel_staging_visits where player > 69 union all select ctid from laurel_staging_visits where id = 3',
  repairs: {
    null: ['update laurel_staging_visits set player = null where ctid in (select row from laurel_found)'],
  },
};

async function check(policy: Policy): Promise<{ problems: Problems; rejects: Rejects; left: unknown[] }> {
  const problems = new Problems(policies({ orphans: policy }));
  const rejects = Rejects.into(folder, ['visits']);
  expect(await runStagedCheck(target, problems, rejects, ORPHANS)).toBe(3);
  await rejects.keep();
  const left = await target.query('select id::integer, player::integer from laurel_staging_visits order by id');
  return { problems, rejects, left };
}

const FILE =
  'id,player,note,_reasons\n3,71,"",orphans: player\n8,72,,orphans: player\n9,70,"a ""quoted"", note",orphans: player\n';

function fileSorted(): string {
  const [header, ...lines] = readFileSync(join(folder, 'visits.csv'), 'utf8').trimEnd().split('\n');
  return [header, ...lines.toSorted()].join('\n') + '\n';
}

describe('rows that a check finds', () => {
  test('stay, and are in the file, where the run is to end', async () => {
    const { problems, left } = await check('fail');
    expect(problems.fatal).toEqual([
      {
        kind: 'orphans',
        table: 'visits',
        column: 'player',
        rows: 3,
        samples: ['id 3', 'id 8', 'id 9'],
        policy: 'fail',
      },
    ]);
    expect(problems.rejectedFrom('visits')).toBe(0);
    expect(left).toHaveLength(4);
    expect(fileSorted()).toBe(FILE);
  });

  test('leave for the file where they are to be rejected', async () => {
    const { problems, left } = await check('reject');
    expect(problems.fatal).toEqual([]);
    expect(problems.rejectedFrom('visits')).toBe(3);
    expect(left).toEqual([{ id: 12, player: null }]);
    expect(fileSorted()).toBe(FILE);
  });

  test('are repaired where the policy says so, and no file is made', async () => {
    const { problems, rejects, left } = await check('null');
    expect(problems.findings).toHaveLength(1);
    expect(problems.rejectedFrom('visits')).toBe(0);
    expect(left.map((row) => (row as { player: number | null }).player)).toEqual([null, null, null, null]);
    expect(rejects.paths).toEqual([]);
  });

  test('are none: nothing is noted', async () => {
    const problems = new Problems(policies());
    const rows = 'select ctid from laurel_staging_visits where false';
    expect(await runStagedCheck(target, problems, Rejects.into(undefined, []), { ...ORPHANS, rows })).toBe(0);
    expect(problems.findings).toEqual([]);
  });
});
