import { quoted } from '../identifier.js';
import { auditCounts, auditPresence, auditReferences, counted } from '../service/audits.js';
import { type ComparedColumn, type ComparedTables, compareTables } from '../service/compare-tables.js';
import type { Audit, Count, ReconciledTable } from '../service/reconciled.js';
import { stagedTable } from '../service/staged-table.js';
import type { Target } from '../target.js';
import { isFresh, mergedTable } from './convert.js';
import { AUTHOR, IS_EQUAL } from './post-checks.js';
import type { CommunityShape, CommunityStaged } from './shape.js';
import { REFUSED_AT, TOKEN_HASH, UPDATED_AT } from './staged-sql.js';

/** Laurel's tables that rows go to. */
export const FILLED = ['users', 'identities', 'posts', 'refused_tokens'];

/**
 * Compares the staged rows that are new with what Laurel's tables have of them, mapped back to the source's columns, after
 * the conversion and in its transaction. Rows that Laurel had are counted; that those which took the place of what Laurel
 * had did so is audited.
 * @param counts what the conversion answered
 */
export async function reconcileCommunity(
  target: Target,
  shape: CommunityShape,
  counts: readonly Count[],
): Promise<{ tables: ReconciledTable[]; audits: Audit[] }> {
  const tables: ReconciledTable[] = [];
  for (const [index, staged] of shape.tables.entries()) {
    tables.push({ ...counts[index]!, ...(await compareTables(target, comparedTables(staged))) });
  }
  const posts = stagedTable(shape, 'posts');
  return {
    tables,
    audits: [
      ...auditCounts(counts),
      ...(await auditReferences(target, FILLED)),
      ...(await auditPresence(target, FILLED)),
      ...(posts === undefined ? [] : [await auditReplaced(target, posts)]),
    ],
  };
}

function comparedTables(staged: CommunityStaged): ComparedTables {
  const fresh = `${quoted(staged.table.name)} t`;
  switch (staged.name) {
    case 'users':
      return comparedUsers(staged, fresh);
    case 'posts':
      return {
        columns: [
          key('t.id', 'l.legacy_id'),
          { name: 'id', staged: 't.id', stored: 'l.legacy_id::text' },
          same('title'),
          same('content'),
          { name: 'author_email', staged: 'a.id', stored: 'l.author_id' },
          same('created_at'),
          { name: 'updated_at', staged: UPDATED_AT, stored: 'l.updated_at' },
        ],
        from: {
          staged: `${fresh} ${AUTHOR} where ${isFresh(staged)}`,
          stored: `posts l where l.legacy_id in (select t.id from ${fresh} where ${isFresh(staged)})`,
        },
      };
    case 'token_blacklist':
      return {
        columns: [
          key(`encode(${TOKEN_HASH}, 'hex')`, `encode(l.token_hash, 'hex')`),
          { name: 'token', staged: TOKEN_HASH, stored: 'l.token_hash' },
          { name: 'blacklisted_at', staged: REFUSED_AT, stored: 'l.refused_at' },
        ],
        from: {
          staged: `${fresh} where ${isFresh(staged)}`,
          stored: `refused_tokens l where l.token_hash in (select ${TOKEN_HASH} from ${fresh} where ${isFresh(staged)})`,
        },
      };
  }
}

/** Each with its identity, and whoever is new with the account as well. */
function comparedUsers(users: CommunityStaged, fresh: string): ComparedTables {
  const ofNew = (name: string, staged: string, stored: string): ComparedColumn => ({
    name,
    staged: `case when p.is_new then ${staged} end`,
    stored: `case when p.is_new then ${stored} end`,
  });
  return {
    columns: [
      key(`json_build_array(t.provider, t.provider_id)::text`, `json_build_array(l.provider, l.subject)::text`),
      same('provider'),
      { name: 'provider_id', staged: 't.provider_id', stored: 'l.subject' },
      same('email'),
      { name: 'verified_email', staged: 'coalesce(t.verified_email, false)', stored: 'l.email_verified' },
      { name: 'picture', staged: 't.picture', stored: 'l.picture_url' },
      same('created_at'),
      { name: 'updated_at', staged: UPDATED_AT, stored: 'l.last_used_at' },
      { name: 'account', staged: 'p.id', stored: 'l.user_id' },
      ofNew('name', 'n.nickname', 'u.nickname::text'),
      ofNew('account.email', 'case when t.verified_email then t.email end', 'u.email::text'),
      ofNew('account.email_verified_at', 'case when t.verified_email then t.created_at end', 'u.email_verified_at'),
      ofNew('account.picture', 't.picture', 'u.picture_url'),
      ofNew('account.created_at', 't.created_at', 'u.created_at'),
      ofNew('account.updated_at', UPDATED_AT, 'u.updated_at'),
    ],
    from: {
      staged: `${fresh} join laurel_people p on p.row_no = t.row_no left join laurel_nicknames n on n.row_no = t.row_no
        where ${isFresh(users)}`,
      stored: `identities l join users u on u.id = l.user_id
        join (select id, bool_or(is_new) as is_new from laurel_people group by id) p on p.id = l.user_id
        where (l.provider, l.subject) in (select t.provider, t.provider_id from ${fresh} where ${isFresh(users)})`,
    },
  };
}

/** Hashes of rows are added up beside a number that says whose they are. */
function key(staged: string, stored: string): ComparedColumn {
  return { name: 'key', staged: `hashtextextended(${staged}, 0)`, stored: `hashtextextended(${stored}, 0)` };
}

function same(name: string): ComparedColumn {
  return { name, staged: `t.${name}`, stored: `l.${name}` };
}

/** Staged posts that took the place of what Laurel had, and are not what it has now. */
async function auditReplaced(target: Target, posts: CommunityStaged): Promise<Audit> {
  const wrong = await counted(
    target,
    `select count(*)::integer as wrong from ${mergedTable(posts)} m join ${quoted(posts.table.name)} t on t.ctid = m.tid
      left join posts l on l.legacy_id = t.id where m.wins and not coalesce(${IS_EQUAL}, false)`,
  );
  return { what: `rows of ${posts.source.name} that did not take the place of older ones`, wrong };
}
