import { loadHistory } from '../../migrate/history.js';
import { LEDGER } from '../../migrate/ledger-name.js';
import { headsOf } from '../../migrate/order.js';
import { quoted } from '../identifier.js';
import type { Target } from '../target.js';

/** The newest migrations that a database has, and those that this build does not know; none without a ledger. */
export async function migrationHeads(target: Target): Promise<string[]> {
  const [ledger] = await target.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [LEDGER]);
  if (ledger?.exists !== true) {
    return [];
  }
  const rows = await target.query<{ name: string }>(`select name from ${quoted(LEDGER)} order by id`);
  const applied = rows.map(({ name }) => name.replace(/\.[jt]s$/, ''));
  const history = await loadHistory();
  const known = new Set(history.map(({ name }) => name));
  const heads = headsOf(history.filter(({ name }) => applied.includes(name))).map(({ name }) => name);
  return [...heads, ...applied.filter((name) => !known.has(name))];
}
