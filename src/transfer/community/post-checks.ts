import { quoted } from '../identifier.js';
import { deleteFound, present, repeatedRows, rowCheck, type RowsCheck, setCheck } from '../service/checks.js';
import { timeChecks } from '../service/time-checks.js';
import { faultCheck, IN_UTC } from './common-checks.js';
import type { CommunityOptions } from './options.js';
import { addressOf } from './people.js';
import { UPDATED_AT } from './staged-sql.js';
import type { CommunityStaged } from './shape.js';

/** The column ends here. */
const MAX_ID = 50;

/** SQL: joins the author of a staged post aliased `t`. */
export const AUTHOR = `join laurel_authors a on a.address = ${addressOf('t.author_email')}`;

/** SQL: whether a staged post and Laurel's, aliased `l`, say the same. */
export const IS_EQUAL = `(l.title, l.content, l.created_at, l.updated_at) is not distinct from (t.title, t.content, t.created_at, ${UPDATED_AT})`;

/** What can be wrong with posts, in the order in which it is to be looked for. People must have been matched. */
export function postChecks(posts: CommunityStaged, { merge }: CommunityOptions): RowsCheck[] {
  const table = quoted(posts.table.name);
  return [
    faultCheck(posts),
    ...timeChecks(posts, 'created_at', IN_UTC),
    ...timeChecks(posts, 'updated_at', IN_UTC),
    ...present(posts, 'id', 'title', 'content', 'author_email', 'created_at'),
    rowCheck(posts, `coalesce(char_length(t.id) > ${MAX_ID}, false)`, { kind: 'length', column: 'id' }),
    setCheck(posts, repeatedRows(posts, ['t.id'], 't.entry'), {
      kind: 'duplicates',
      column: 'id',
      repairs: { first: [deleteFound(posts)] },
    }),
    setCheck(
      posts,
      `select t.ctid from ${table} t where t.author_email is not null
        and not exists (select from laurel_authors a where a.address = ${addressOf('t.author_email')})`,
      { kind: 'orphans', column: 'author_email' },
    ),
    ...(merge === undefined ? [] : mergeChecks(posts, merge)),
  ];
}

function mergeChecks(posts: CommunityStaged, merge: 'newer' | 'fail'): RowsCheck[] {
  const both = `select t.ctid from ${quoted(posts.table.name)} t ${AUTHOR} join posts l on l.legacy_id = t.id`;
  const somebodyElses = setCheck(posts, `${both} where l.author_id <> a.id`, { kind: 'duplicates', column: 'id' });
  const differing = setCheck(posts, `${both} where not ${IS_EQUAL}`, { kind: 'duplicates', column: null });
  return merge === 'fail' ? [somebodyElses, differing] : [somebodyElses];
}
