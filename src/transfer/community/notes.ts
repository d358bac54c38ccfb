import { quoted } from '../identifier.js';
import { stagedTable } from '../service/staged-table.js';
import type { Target } from '../target.js';
import { isFresh } from './convert.js';
import type { CommunityShape } from './shape.js';

/** What people are to know of a conversion and is no fault. */
export async function notesOf(target: Target, shape: CommunityShape): Promise<string[]> {
  const users = stagedTable(shape, 'users');
  const tokens = stagedTable(shape, 'token_blacklist');
  const notes: string[] = [];
  if (users !== undefined) {
    const providers = await target.query<{ provider: string; rows: number }>(
      `select provider, count(*)::integer as rows from ${quoted(users.table.name)} group by 1 order by provider collate "C"`,
    );
    if (providers.length > 0) {
      const names = providers.map(({ provider, rows }) => `${provider} (${rows})`).join(', ');
      notes.push(
        `People sign in with these providers: ${names}. Each has to be among OIDC_PROVIDERS by that name; where a provider gives every client other ids, as the client that the community was`,
      );
    }
    const linked = await rowsOf(target, 'laurel_people where not is_new and not is_known');
    if (linked > 0) {
      notes.push(`People who have an account that was there: ${linked}`);
    }
  }
  const untimed =
    tokens === undefined
      ? 0
      : await rowsOf(target, `${quoted(tokens.table.name)} t where t.blacklisted_at is null and ${isFresh(tokens)}`);
  if (untimed > 0) {
    notes.push(`Tokens without a time, which are refused since the time of this run: ${untimed}`);
  }
  return notes;
}

async function rowsOf(target: Target, from: string): Promise<number> {
  const [row] = await target.query<{ rows: number }>(`select count(*)::integer as rows from ${from}`);
  return row!.rows;
}
