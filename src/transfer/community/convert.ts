import { quoted } from '../identifier.js';
import { makeNicknames } from '../service/made-nicknames.js';
import type { Count } from '../service/reconciled.js';
import { newIdSql } from '../service/staged-sql.js';
import { stagedTable } from '../service/staged-table.js';
import type { Target } from '../target.js';
import { lockCommunity, refuseUnlessFirst } from './locks.js';
import type { CommunityOptions } from './options.js';
import { refuseIfChanged } from './people.js';
import { AUTHOR, IS_EQUAL } from './post-checks.js';
import type { SectionName } from './sections.js';
import type { CommunityShape, CommunityStaged } from './shape.js';
import { REFUSED_AT, TOKEN_HASH, UPDATED_AT } from './staged-sql.js';

/** How a staged table gets into Laurel. */
interface Carrier {
  /** Laurel's table that has one row for each of the staged ones. */
  into: string;
  /** SQL after the staging table aliased `t`: the rows that Laurel has already, as `l`. */
  there: string;
  /** SQL: whether such a row takes the place of Laurel's, where the one that was changed later stays. */
  wins: string;
  /** Writes those that Laurel does not have. */
  insert: (target: Target, staged: CommunityStaged, options: CommunityOptions) => Promise<void>;
}

const CARRIERS: Readonly<Record<SectionName, Carrier>> = {
  users: {
    into: 'identities',
    there: 'join identities l on l.provider = t.provider and l.subject = t.provider_id',
    wins: 'false',
    insert: insertUsers,
  },
  posts: {
    into: 'posts',
    there: 'join posts l on l.legacy_id = t.id',
    // What its author has taken away stays away.
    wins: `not ${IS_EQUAL} and ${UPDATED_AT} > l.updated_at and l.deleted_at is null`,
    insert: insertPosts,
  },
  token_blacklist: {
    into: 'refused_tokens',
    there: `join refused_tokens l on l.token_hash = ${TOKEN_HASH}`,
    wins: 'false',
    insert: insertTokens,
  },
};

/** The temporary table of the staged rows that Laurel has already: which (`tid`), and whether the staged one `wins`. */
export function mergedTable({ name }: CommunityStaged): string {
  return `laurel_merged_${name}`;
}

/** SQL: whether Laurel did not have a staged row aliased `t`. */
export function isFresh(staged: CommunityStaged): string {
  return `not exists (select from ${mergedTable(staged)} x where x.tid = t.ctid)`;
}

/**
 * Carries the staged rows over into Laurel's tables, in the transaction that is open; the checks must be through, with
 * nothing left to fail for. Nobody else writes to those tables until the transaction ends.
 *
 * Who is new gets an account, as by signing in for the first time: with a nickname made of the name, and with the address
 * where the provider vouches for it. Accounts that were there stay as they are; nothing but an identity comes to them. Of
 * the rows that Laurel has of an earlier export, posts alone are written over, by those that were changed later.
 * @throws TransferError where somebody has an account by now that nothing was known of when the checks were made
 */
export async function convertCommunity(
  target: Target,
  shape: CommunityShape,
  options: CommunityOptions,
): Promise<Count[]> {
  await lockCommunity(target);
  if (options.merge === undefined) {
    await refuseUnlessFirst(target);
  }
  const users = stagedTable(shape, 'users');
  if (users !== undefined) {
    await refuseIfChanged(target, users);
  }
  const counts: Count[] = [];
  for (const staged of shape.tables) {
    const { into, there, wins, insert } = CARRIERS[staged.name];
    const table = quoted(staged.table.name);
    const takesPlace = options.merge === 'newer' ? wins : 'false';
    await target.query(
      `create temporary table ${mergedTable(staged)} on commit drop as
        select t.ctid as tid, ${takesPlace} as wins from ${table} t ${there}`,
    );
    await target.query(`create index on ${mergedTable(staged)} (tid)`);
    const before = await rowsOf(target, into);
    if (staged.name === 'posts') {
      await updatePosts(target, staged);
    }
    await insert(target, staged, options);
    const [merged] = await target.query<{ merged: number; updated: number }>(
      `select count(*)::integer as merged, count(*) filter (where wins)::integer as updated from ${mergedTable(staged)}`,
    );
    counts.push({
      table: staged.source.name,
      read: await rowsOf(target, table),
      written: (await rowsOf(target, into)) - before,
      ...merged!,
    });
  }
  return counts;
}

/** Laurel's account or a new one, and the identity that signs in to it. */
async function insertUsers(
  target: Target,
  users: CommunityStaged,
  { reservedNicknames }: CommunityOptions,
): Promise<void> {
  const people = `${quoted(users.table.name)} t join laurel_people p on p.row_no = t.row_no`;
  await target.query(
    `create temporary table laurel_newcomers on commit drop as
      select t.row_no, t.name, t.email, t.created_at from ${people} where p.is_new`,
  );
  await makeNicknames(target, { from: 'laurel_newcomers', into: 'laurel_nicknames', reserved: reservedNicknames });
  await target.query(
    `insert into users (id, email, nickname, picture_url, email_verified_at, created_at, updated_at)
      select p.id, case when t.verified_email then t.email end, n.nickname, t.picture,
        case when t.verified_email then t.created_at end, t.created_at, ${UPDATED_AT}
      from ${people} join laurel_nicknames n on n.row_no = t.row_no where p.is_new`,
  );
  await target.query(
    `insert into identities (id, user_id, provider, subject, email, email_verified, picture_url, created_at, last_used_at)
      select ${newIdSql('t.row_no')}, p.id, t.provider, t.provider_id, t.email, coalesce(t.verified_email, false), t.picture,
        t.created_at, ${UPDATED_AT}
      from ${people} where ${isFresh(users)}`,
  );
}

async function insertPosts(target: Target, posts: CommunityStaged): Promise<void> {
  await target.query(
    `insert into posts (id, legacy_id, author_id, title, content, created_at, updated_at)
      select ${newIdSql('t.row_no')}, t.id, a.id, t.title, t.content, t.created_at, ${UPDATED_AT}
      from ${quoted(posts.table.name)} t ${AUTHOR} where ${isFresh(posts)}`,
  );
}

/** As an edit of its author's, so that who has read the post before cannot overwrite it unseen. */
async function updatePosts(target: Target, posts: CommunityStaged): Promise<void> {
  await target.query(
    `update posts l set title = t.title, content = t.content, created_at = t.created_at, updated_at = ${UPDATED_AT},
        version = l.version + 1
      from ${mergedTable(posts)} m join ${quoted(posts.table.name)} t on t.ctid = m.tid
      where m.wins and l.legacy_id = t.id`,
  );
}

async function insertTokens(target: Target, tokens: CommunityStaged): Promise<void> {
  await target.query(
    `insert into refused_tokens (token_hash, refused_at)
      select ${TOKEN_HASH}, ${REFUSED_AT} from ${quoted(tokens.table.name)} t where ${isFresh(tokens)}`,
  );
}

async function rowsOf(target: Target, table: string): Promise<number> {
  const [row] = await target.query<{ rows: number }>(`select count(*)::integer as rows from ${table}`);
  return row!.rows;
}
