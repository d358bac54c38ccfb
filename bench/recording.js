import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { laurelSettings } from './laurel.js';

/**
 * What Laurel sends to the database for each of these operations.
 * @param {string} url of the database
 * @param {{ query: string, variables?: object, token?: string }[]} operations
 * @returns {{ text: string, values: unknown[], columns?: { name: string, type: number }[] }[][]} per operation,
 *   in the order of sending; `columns` are those of the answer, with the type's oid
 */
export function recordStatements(url, operations) {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'record.js')], {
    env: { ...process.env, ...laurelSettings(url, 0) },
    input: JSON.stringify(operations),
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(output.toString());
}
