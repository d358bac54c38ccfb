import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { reportFile } from '../../src/cli/import/report-file.js';
import type { ImportReport } from '../../src/transfer/import/report.js';
import { scratchFolder } from './csv-support.js';

let folder: ReturnType<typeof scratchFolder>;
beforeAll(() => {
  folder = scratchFolder();
});
afterAll(() => folder.remove());

const DONE = { outcome: 'done' } as ImportReport;

test('a report has its name when the run is through, and not before', () => {
  const path = join(folder.path, 'report.json');
  const kept = reportFile(path);
  kept.write(DONE);
  expect(() => readFileSync(path)).toThrow('ENOENT');
  kept.keep(DONE);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(DONE);
});

test('a report that cannot be named after the commit says that the rows are there, and where it is', () => {
  const path = join(folder.path, 'held.json');
  const kept = reportFile(path);
  kept.write(DONE);
  // Something comes into its place while the run is under way.
  mkdirSync(path);
  expect(() => kept.keep(DONE)).toThrow(
    /^All rows are there, proven and committed, but the report could not be given its name: .*It is in .*held\.json\.part$/,
  );
  expect(JSON.parse(readFileSync(`${path}.part`, 'utf8'))).toEqual(DONE);
});
