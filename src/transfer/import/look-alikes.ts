import { quoted } from '../identifier.js';
import type { Column } from '../table.js';
import type { Target } from '../target.js';
import type { Arrived } from './arrived.js';
import type { ExistingTable } from './existing-tables.js';

/** Says of a user that the nickname may look like another's. */
const KEPT = 'look_alike_kept';

/** Whether rows go to Laurel's users. */
export function holdsNicknames({ there }: ExistingTable): boolean {
  return there.name === 'users' && keptColumn(there.columns) !== undefined;
}

/** What a source that does not know of look-alikes says of its users. To be called before rows arrive. */
export async function expectLookAlikes(target: Target, { staging }: ExistingTable): Promise<void> {
  await target.query(`alter table ${quoted(staging.name)} alter ${KEPT} set default false`);
}

/**
 * Lets users who have arrived keep nicknames that look like those of others: of players who are there, or of earlier
 * ones of the source. From now on the rows say so, even where those of the source do not.
 * @returns how many of the new ones look like others
 */
export async function keepLookAlikes(target: Target, arrived: Arrived, { there }: ExistingTable): Promise<number> {
  const { table, name } = arrived;
  const [counted] = await target.query<{ rows: number }>(
    `with found as (
        select s.ctid as tid, same.id is null as is_new, not s.${KEPT} and (
          coalesce(same.${KEPT} and same.nickname = s.nickname, false)
          or row_number() over (
            partition by s.nickname_skeleton order by same.nickname_skeleton is distinct from s.nickname_skeleton, s.ctid
          ) > 1
          or exists (select from ${quoted(name)} t where t.nickname_skeleton = s.nickname_skeleton and t.id <> s.id)
        ) as is_found
        from ${quoted(table.name)} s left join ${quoted(name)} same on same.id = s.id
      ), kept as (
        update ${quoted(table.name)} s set ${KEPT} = true from found where found.tid = s.ctid and found.is_found
        returning found.is_new
      )
      select count(*) filter (where is_new)::integer as rows from kept`,
  );
  if (keptColumn(table.columns) === undefined) {
    arrived.table = { ...table, columns: [...table.columns, keptColumn(there.columns)!] };
  }
  return counted!.rows;
}

/** What people are to know of it. */
export function lookAlikeNotes(rows: number): string[] {
  return rows === 0 ? [] : [`Players who keep nicknames that look like those of others: ${rows}`];
}

function keptColumn(columns: readonly Column[]): Column | undefined {
  return columns.find(({ name }) => name === KEPT);
}
