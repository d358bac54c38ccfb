import { describe, expect, test } from '@jest/globals';
import { laurel } from '../cli/process.js';
import { PRODUCTION, refusedStarts } from './rows/secrets.js';

describe('a start in production', () => {
  test.each(refusedStarts.map((row) => [`[${row.defence}] ${row.name}`, row] as const))('%s', async (_name, row) => {
    const settings = Object.entries({ ...PRODUCTION, ...row.settings }).filter(([, value]) => value !== undefined);
    const { code, output } = await laurel(['serve'], Object.fromEntries(settings) as Record<string, string>);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^  - ${row.names}: `, 'm'));
    expect(output).not.toContain(PRODUCTION['TOKEN_SECRET']);
    expect(output).not.toMatch(/node_modules|\.js:\d/);
  });
});
