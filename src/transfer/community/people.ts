import { TransferError } from '../errors.js';
import { quoted } from '../identifier.js';
import { newIdSql } from '../service/staged-sql.js';
import { stagedTable } from '../service/staged-table.js';
import type { Target } from '../target.js';
import type { CommunityShape, CommunityStaged } from './shape.js';

/** SQL: what two addresses have in common that are one but for case and Unicode form. */
export function addressOf(email: string): string {
  return `lower(normalize(${email}, NFKC))`;
}

/** SQL: whether Laurel knows the identity of a staged user aliased `t`. */
export const IS_KNOWN = 'exists (select from identities k where k.provider = t.provider and k.subject = t.provider_id)';

/**
 * SQL: whether an account aliased `u` becomes that of a staged user aliased `t`: both sides vouch for the address, and the
 * account stands.
 */
export const IS_LINKABLE = `coalesce(lower(u.email) = lower(t.email) and t.verified_email
  and u.email_verified_at is not null and u.deleted_at is null and u.scrubbed_at is null and u.suspended_at is null, false)`;

/**
 * Notes the addresses of all who have arrived, in the temporary table laurel_addresses: a post of somebody who is rejected
 * is nobody else's. To be called before the checks.
 */
export async function noteAddresses(target: Target, shape: CommunityShape): Promise<void> {
  const users = stagedTable(shape, 'users');
  await target.query(
    `create temporary table laurel_addresses on commit drop as ${
      users === undefined
        ? 'select null::text as address where false'
        : `select distinct ${addressOf('t.email')} as address from ${quoted(users.table.name)} t where t.email is not null`
    }`,
  );
}

/**
 * Makes the temporary table laurel_people of the staged users: which account is theirs (`row_no`, `id`), their `address`,
 * whether there is that account only with this run (`is_new`), and whether Laurel knew their identity (`is_known`). And
 * laurel_authors: whose posts are those of an address. To be called when the checks of users are through.
 */
export async function matchPeople(target: Target, shape: CommunityShape): Promise<void> {
  const users = stagedTable(shape, 'users');
  await target.query(
    users === undefined
      ? 'create temporary table laurel_people (row_no bigint, address text, id uuid, is_new boolean, is_known boolean) on commit drop'
      : `create temporary table laurel_people on commit drop as ${peopleSql(users)}`,
  );
  await target.query('create index on laurel_people (row_no)');
  await target.query('create index on laurel_people (id)');
  await target.query('analyze laurel_people');
  // Besides, whoever came with a provider that vouches for the address, unless this export says something else of it.
  await target.query(
    `create temporary table laurel_authors on commit drop as
      select distinct on (address) address, id from laurel_people where address is not null order by address, row_no`,
  );
  await target.query(
    `insert into laurel_authors (address, id)
      select address, (array_agg(id))[1] from (
        select ${addressOf('u.email')} as address, u.id from users u
        where u.email_verified_at is not null and u.deleted_at is null and exists (
          select from identities i where i.user_id = u.id and i.email_verified and lower(i.email) = lower(u.email)
        )
      ) known
      where not exists (select from laurel_addresses a where a.address = known.address)
      group by address having count(*) = 1`,
  );
  await target.query('create index on laurel_authors (address)');
  await target.query('analyze laurel_authors');
}

/**
 * Refuses to go on where somebody has signed in, or has changed an account, since people were matched: an account that was
 * to be linked may be another's by now. To be called when nobody can do so any more.
 * @throws TransferError
 */
export async function refuseIfChanged(target: Target, users: CommunityStaged): Promise<void> {
  const [changed] = await target.query<{ rows: number }>(
    `select count(*)::integer as rows from ${quoted(users.table.name)} t join laurel_people p on p.row_no = t.row_no
      left join identities k on k.provider = t.provider and k.subject = t.provider_id
      where case
        when p.is_known then k.user_id is distinct from p.id
        when k.user_id is not null then true
        when p.is_new then exists (select from users u where ${addressOf('u.email')} = p.address)
        else not exists (select from users u where u.id = p.id and ${IS_LINKABLE})
      end`,
  );
  if (changed!.rows > 0) {
    throw new TransferError(
      `Accounts of ${changed!.rows} people were made or changed during the run. Nothing was changed by it. Run it again.`,
    );
  }
}

function peopleSql(users: CommunityStaged): string {
  return `select t.row_no, ${addressOf('t.email')} as address, coalesce(k.user_id, u.id, ${newIdSql('t.row_no')}) as id,
      k.user_id is null and u.id is null as is_new, k.user_id is not null as is_known
    from ${quoted(users.table.name)} t
    left join identities k on k.provider = t.provider and k.subject = t.provider_id
    left join users u on k.user_id is null and lower(u.email) = lower(t.email) and ${IS_LINKABLE}`;
}
