import { quoted } from '../identifier.js';
import { deleteFound, present, repeatedRows, rowCheck, type RowsCheck, setCheck } from '../service/checks.js';
import { timeChecks } from '../service/time-checks.js';
import { faultCheck, IN_UTC } from './common-checks.js';
import type { CommunityOptions } from './options.js';
import { TOKEN_HASH } from './staged-sql.js';
import type { CommunityStaged } from './shape.js';

/** What can be wrong with blacklisted tokens, in the order in which it is to be looked for. */
export function tokenChecks(tokens: CommunityStaged, { merge }: CommunityOptions): RowsCheck[] {
  return [
    faultCheck(tokens),
    ...present(tokens, 'token'),
    rowCheck(tokens, `coalesce(t.token = '', false)`, { kind: 'values', column: 'token' }),
    setCheck(tokens, repeatedRows(tokens, ['t.token'], 't.entry'), {
      kind: 'duplicates',
      column: 'token',
      repairs: { first: [deleteFound(tokens)] },
    }),
    ...timeChecks(tokens, 'blacklisted_at', IN_UTC),
    ...(merge === 'fail'
      ? [
          setCheck(
            tokens,
            `select t.ctid from ${quoted(tokens.table.name)} t join refused_tokens l on l.token_hash = ${TOKEN_HASH}
              where l.refused_at <> t.blacklisted_at`,
            { kind: 'duplicates', column: null },
          ),
        ]
      : []),
  ];
}
