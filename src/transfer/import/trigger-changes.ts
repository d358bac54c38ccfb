import { TransferError } from '../errors.js';
import { quoted } from '../identifier.js';
import { rowHashSql } from '../row-hash.js';
import type { Target } from '../target.js';
import type { Arrived } from './arrived.js';

/**
 * Explains why what is stored differs from what was written, where the table has triggers of its own.
 * @param rows SQL of the rows that were written
 * @throws TransferError that names triggers and columns
 */
export async function refuseTriggerChanges(target: Target, { name, table }: Arrived, rows: string): Promise<void> {
  const triggers = await target.query<{ name: string }>(
    `select tgname as name from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where tgrelid = $1::regclass and not tgisinternal and tgenabled <> 'D' and proname not like 'laurel\\_%'
      order by tgname`,
    [quoted(name)],
  );
  if (triggers.length === 0) {
    return;
  }
  const changed = await changedColumns(target, { name, table }, rows);
  const what = changed.length === 0 ? 'rows are missing, or others came' : `they are others in ${changed.join(', ')}`;
  const names = triggers.map((trigger) => trigger.name);
  const alter = (verb: string): string =>
    names.map((trigger) => `alter table ${quoted(name)} ${verb} trigger ${quoted(trigger)}`).join('; ');
  throw new TransferError(
    `The rows of ${name} are not stored as they were written, and the table has the ${names.length === 1 ? 'trigger' : 'triggers'} ${names.join(', ')}: ${what}. Nothing was changed. Switch off what changes rows, run this again, and switch it on afterwards:\n${alter('disable')}\n${alter('enable')}`,
  );
}

/** The columns in which stored rows are others, with how many they are. */
async function changedColumns(
  target: Target,
  { name, table }: Pick<Arrived, 'name' | 'table'>,
  rows: string,
): Promise<string[]> {
  const { columns, primaryKey } = table;
  if (primaryKey.length === 0) {
    return [];
  }
  const counts = columns.map((column, index) => {
    const valueOf = (side: string): string => `(select ${rowHashSql([column])} from (select ${side}.*) one)`;
    return `count(*) filter (where ${valueOf('s')} <> ${valueOf('t')})::integer as c${index}`;
  });
  const key = primaryKey.map((column) => `s.${quoted(column)} = t.${quoted(column)}`).join(' and ');
  const [counted] = await target.query<Record<string, number>>(
    `select ${counts.join(', ')} from (${rows}) s join ${quoted(name)} t on ${key}`,
  );
  return columns.flatMap((column, index) => {
    const differing = counted![`c${index}`]!;
    return differing > 0 ? [`${column.name} (${differing} ${differing === 1 ? 'row' : 'rows'})`] : [];
  });
}
