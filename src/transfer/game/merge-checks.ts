import { instantOf } from '../service/staged-sql.js';
import { quoted } from '../identifier.js';
import { deleteFound, type RowsCheck, setCheck } from '../service/checks.js';
import type { GameOptions } from './options.js';
import type { GameStaged } from './shape.js';
import { MONTHLY, monthKey } from './staged-sql.js';

/** How staged rows (`t`), their players (`p`, `q`) and Laurel's rows (`l`) meet, as SQL. */
export interface Meeting {
  /** Laurel's table as `l`, and whatever else its conditions need. */
  stored: string;
  /** Joins that staged rows need, players among them. */
  players: string;
  /** Whether both are rows of the same thing, whatever they say of it. */
  isSame: string;
  /** Whether they say the same of it. */
  isEqual: string;
  /** Whether the staged one takes the other's place where the newer one is to stay. */
  wins: string;
}

const PLAYER = 'join laurel_players p on p.staged_id = t.user_id';

/** How rows of a table other than users are found again in Laurel. */
export function meetingOf(staged: GameStaged, { timeZone }: GameOptions): Meeting {
  switch (staged.name) {
    case 'users':
      throw new Error('Users are matched to players.');
    case 'scores': {
      const isSame = `l.user_id = p.id and l.score = t.score and l.created_at = ${instantOf(staged, 'created_at', timeZone)}`;
      // A score is never changed: another one under its number is another score.
      return {
        stored: 'scores l',
        players: PLAYER,
        isSame: `l.legacy_id = t.id and ${isSame}`,
        isEqual: 'true',
        wins: 'false',
      };
    }
    case 'friendships': {
      const at = instantOf(staged, 'created_at', timeZone);
      return {
        stored: 'friendships l',
        players: `join laurel_players p on p.staged_id = t.requester_id
          join laurel_players q on q.staged_id = t.receiver_id`,
        isSame: `least(l.requester_id, l.receiver_id) = least(p.id, q.id)
          and greatest(l.requester_id, l.receiver_id) = greatest(p.id, q.id)`,
        isEqual: `l.requester_id = p.id and l.status = t.status and l.created_at = ${at}`,
        wins: `${at} > greatest(l.created_at, l.responded_at)`,
      };
    }
    case 'monthly_scores': {
      const at = instantOf(staged, 'updated_at', timeZone);
      return {
        stored: `(select s.*, seasons.key from standings s join seasons on seasons.id = s.season_id
          where seasons.leaderboard_id = '${MONTHLY}') l`,
        players: PLAYER,
        isSame: `l.user_id = p.id and l.key = ${monthKey()}`,
        isEqual: `l.score = t.score and l.achieved_at = ${at}`,
        // The board keeps the best one, and of equals the one that was reached first: as when a score is submitted.
        wins: `(-t.score, ${at}) < (l.sort_score, l.achieved_at)`,
      };
    }
    case 'game_visits':
      return {
        stored: 'visits l',
        players: PLAYER,
        isSame: 'l.user_id = p.id and l.visit_date = t.visit_date',
        isEqual: 'l.visit_count = t.visit_count',
        wins: 't.visit_count > l.visit_count',
      };
  }
}

/** What can be wrong with rows beside those that Laurel has: other rows under their number, or other contents. */
export function mergeChecks(staged: GameStaged, options: GameOptions): RowsCheck[] {
  const table = quoted(staged.table.name);
  const { stored, players, isSame, isEqual } = meetingOf(staged, options);
  const checks = [
    setCheck(
      staged,
      `select t.ctid from ${table} t ${players} join ${stored} on l.legacy_id = t.id where not (${isSame})`,
      { kind: 'duplicates', column: 'id', repairs: { first: [deleteFound(staged)] } },
    ),
  ];
  if (staged.name === 'friendships') {
    checks.push(blockedFriendships(staged));
  }
  if (options.merge === 'fail') {
    checks.push(
      setCheck(staged, `select t.ctid from ${table} t ${players} join ${stored} on ${isSame} where not (${isEqual})`, {
        kind: 'duplicates',
        column: null,
      }),
    );
  }
  return checks;
}

/** Friends do not block each other, and who blocks somebody asks nothing of them. */
function blockedFriendships(staged: GameStaged): RowsCheck {
  return setCheck(
    staged,
    `select t.ctid from ${quoted(staged.table.name)} t
      join laurel_players p on p.staged_id = t.requester_id join laurel_players q on q.staged_id = t.receiver_id
      where exists (
        select from blocks b where (b.blocker_id = p.id and b.blocked_id = q.id and t.status in ('accepted', 'pending'))
          or (b.blocker_id = q.id and b.blocked_id = p.id and t.status = 'accepted')
      )`,
    { kind: 'values', column: 'status' },
  );
}
