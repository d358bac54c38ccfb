import { quoted } from '../identifier.js';
import { newIdSql } from '../service/staged-sql.js';
import type { Target } from '../target.js';
import type { GameOptions } from './options.js';
import { type StagedTable, hasColumn, stagedTable } from '../service/staged-table.js';
import type { GameShape } from './shape.js';
import { publicId } from './staged-sql.js';

/** SQL: whether a user aliased `u` was scrubbed. Read by name, as not every Laurel scrubs. */
const IS_SCRUBBED = `(u.deleted_at is not null and to_jsonb(u) ->> 'scrubbed_at' is not null)`;

/**
 * SQL: for each staged user the one of Laurel who is the same person, if any: `tid`, `staged_id`, `player` and
 * `strength`, from 1 for the same old id over 2 for the same UUID to 3 for the same email address.
 */
export function matchesSql(users: StagedTable): string {
  const byPublicId = hasColumn(users, 'user_id');
  return `select t.ctid as tid, t.id as staged_id,
      coalesce(by_legacy_id.id, ${byPublicId ? 'by_public_id.id, ' : ''}by_email.id) as player,
      case when by_legacy_id.id is not null then 1 ${byPublicId ? 'when by_public_id.id is not null then 2 ' : ''}else 3 end
        as strength
    from ${quoted(users.table.name)} t
    left join users by_legacy_id on by_legacy_id.legacy_id = t.id
    ${byPublicId ? `left join users by_public_id on by_public_id.id = ${publicId()}` : ''}
    left join users by_email on lower(by_email.email) = lower(t.email)`;
}

/**
 * Makes the temporary table laurel_players: which player of Laurel an id of the source is (`staged_id`, `id`), and
 * whether there is such a player only with this run (`is_new`), or not any more (`is_scrubbed`): then nothing may refer
 * to them. To be called when the checks of users are through.
 */
export async function matchPlayers(target: Target, shape: GameShape, { merge }: GameOptions): Promise<void> {
  const users = stagedTable(shape, 'users');
  await target.query(
    users === undefined
      ? 'create temporary table laurel_players (staged_id bigint, id uuid, is_new boolean, is_scrubbed boolean) on commit drop'
      : `create temporary table laurel_players on commit drop as ${playersSql(users, merge)}`,
  );
  if (merge !== undefined) {
    // Rows can refer to players who came with an earlier run and are not in the source any more.
    await target.query(`
      insert into laurel_players (staged_id, id, is_new, is_scrubbed)
      select u.legacy_id, u.id, false, ${IS_SCRUBBED} from users u
      where u.legacy_id is not null and not exists (select from laurel_players p where p.staged_id = u.legacy_id)`);
  }
  await target.query('create index on laurel_players (staged_id)');
  await target.query('create index on laurel_players (id)');
  await target.query('analyze laurel_players');
}

function playersSql(users: StagedTable, merge: GameOptions['merge']): string {
  const staging = quoted(users.table.name);
  // Ids can be there several times where the run is going to fail for it.
  const id = `${hasColumn(users, 'user_id') ? `${publicId()}, ` : ''}${newIdSql('t.row_no')}`;
  return `select distinct on (t.id) t.id as staged_id, ${
    merge === undefined
      ? `coalesce(${id}) as id, true as is_new, false as is_scrubbed from ${staging} t`
      : `coalesce(m.player, ${id}) as id, m.player is null as is_new, ${IS_SCRUBBED} as is_scrubbed
           from ${staging} t join (${matchesSql(users)}) m on m.tid = t.ctid left join users u on u.id = m.player`
  }
    where t.id is not null order by t.id, t.row_no`;
}
