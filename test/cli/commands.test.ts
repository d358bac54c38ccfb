import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { laurel } from './process.js';

let dataDir: string;
let settings: Record<string, string>;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'laurel-cli-'));
  settings = { DATA_DIR: dataDir };
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test.each([
  [['--help'], 0, 'Usage: laurel'],
  [['leaderboard', 'create', '--help'], 0, 'Example:'],
  [['sereve'], 2, 'unknown command'],
  [['seed', '--players', 'many'], 2, 'whole number'],
  [['leaderboard', 'create', 'x', '--period', 'YEARLY'], 2, 'YEARLY'],
])('laurel %j ends with %d', async (words, code, text) => {
  expect(await laurel(words, settings)).toEqual({ code, output: expect.stringContaining(text) });
});

test('a Node that is too old is refused before anything is done', async () => {
  const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.16.0'}})";
  const { code, output } = await laurel(['leaderboard', 'list'], {
    ...settings,
    NODE_OPTIONS: `--import=data:text/javascript,${older}`,
  });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/^Laurel needs Node 22\.17 or newer/) });
});

test('all problems of the settings are reported together', async () => {
  const { code, output } = await laurel(['serve'], {
    ...settings,
    NODE_ENV: 'production',
    PORT: 'high',
    API_KEY: 'short',
  });
  expect(code).toBe(1);
  for (const name of ['PORT', 'DATABASE_URL', 'TOKEN_SECRET', 'API_KEY']) {
    expect(output).toContain(`${name}:`);
  }
});

test('the default board takes the zone of the setting once, and keeps it', async () => {
  expect((await laurel(['seed', '--players', '20'], { ...settings, SEASON_TIME_ZONE: 'Asia/Seoul' })).code).toBe(0);
  const created = await laurel(
    ['leaderboard', 'create', 'speedrun', '--order', 'LOWER_IS_BETTER', '--period', 'WEEKLY', '--json'],
    { ...settings, SEASON_TIME_ZONE: 'Asia/Seoul' },
  );
  expect(JSON.parse(created.output)).toMatchObject([
    { slug: 'speedrun', order: 'LOWER_IS_BETTER', period: 'WEEKLY', aggregation: 'BEST', timeZone: 'Asia/Seoul' },
  ]);
  expect(JSON.parse((await laurel(['leaderboard', 'list', '--json'], settings)).output)).toMatchObject([
    { slug: 'monthly', timeZone: 'Asia/Seoul' },
    { slug: 'speedrun' },
  ]);
  const moved = await laurel(['serve'], { ...settings, PORT: '0', SEASON_TIME_ZONE: 'Europe/Paris' });
  expect(moved).toEqual({ code: 1, output: expect.stringContaining('Set SEASON_TIME_ZONE=Asia/Seoul') });
  const again = await laurel(['leaderboard', 'create', 'speedrun'], settings);
  expect(again).toEqual({ code: 1, output: expect.stringContaining('slug speedrun already') });
});
