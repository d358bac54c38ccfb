import { FALLBACK, nicknameOf, nicknameWithRoom } from '../../identity/nickname-of.js';
import { TransferError } from '../errors.js';
import { literal, quoted } from '../identifier.js';
import type { Target } from '../target.js';

export interface NicknameOptions {
  /**
   * A table of people who need a nickname: `row_no` (bigint, unique), `name` (text), `email` (text, no two the same but
   * for case) and `created_at` (timestamptz).
   */
  from: string;
  /** The temporary table that is made of what they get: `row_no` and `nickname`. */
  into: string;
  /** Nicknames that nobody gets, nor any that looks like one of them: the setting. */
  reserved: readonly string[];
}

/** Names that are looked at in one go. */
const BATCH_ROWS = 5000;

const FEW_DIGITS = 6;
const MANY_DIGITS = 12;

/** How often twelve digits are tried: those of the MD5, of the MD5 of that, and so on. Chance takes none of them twice. */
const LAST_ATTEMPTS = 3;

/**
 * Makes nicknames for people who come with a name and an address, as everybody's are: no two the same, nor looking
 * alike, whether among them or beside the players who are there.
 *
 * It is the name, as far as it makes a nickname ("player" where it makes none). Of several who would have the same one, or
 * such that look alike, the one who was there first has it, and of those the first by address. Everybody else, and who
 * would have a player's or a reserved one, has six digits behind the name, which come from the MD5 of the address in
 * lower case; where somebody has that as well, "player" with twelve such digits. So the same people get the same
 * nicknames, as long as nobody has taken one of them meanwhile.
 *
 * Nobody may write to users meanwhile: the caller has locked the table.
 * @throws TransferError where somebody gets none
 */
export async function makeNicknames(target: Target, { from, into, reserved }: NicknameOptions): Promise<void> {
  await makeBases(target, from);
  await makeTaken(target, reserved);
  await target.query(
    `create temporary table ${quoted(into)} (row_no bigint primary key, nickname text not null) on commit drop`,
  );
  for (const nickname of attempts()) {
    await settle(target, { from, into, nickname });
  }
  const [left] = await target.query<{ rows: number }>(
    `select count(*)::integer as rows from ${quoted(from)} p where not exists (${settled(into)})`,
  );
  if (left!.rows > 0) {
    throw new TransferError(
      `${left!.rows} people got no nickname: others have all that were tried. Nothing was changed. Rename players whose nicknames are "${FALLBACK}" and ${MANY_DIGITS} digits.`,
    );
  }
  await target.query('drop table laurel_nickname_bases, laurel_nicknames_taken');
}

/** SQL of the nicknames to try, of a person aliased `p` with what their name makes, aliased `b`. */
function attempts(): string[] {
  const digits = (hash: string, count: number): string =>
    `lpad((('x' || left(${hash}, 15))::bit(60)::bigint % ${10 ** count})::text, ${count}, '0')`;
  const hashes = ['md5(lower(p.email))'];
  while (hashes.length < LAST_ATTEMPTS) {
    hashes.push(`md5(${hashes.at(-1)})`);
  }
  return [
    'b.whole',
    `b.cut || ${digits(hashes[0]!, FEW_DIGITS)}`,
    ...hashes.map((hash) => `${literal(FALLBACK)} || ${digits(hash, MANY_DIGITS)}`),
  ];
}

/** What each name makes of a nickname, and what of that is left beside digits. */
async function makeBases(target: Target, from: string): Promise<void> {
  await target.query(
    'create temporary table laurel_nickname_bases (row_no bigint primary key, whole text, cut text) on commit drop',
  );
  let last: string | undefined;
  for (;;) {
    const people = await target.query<{ row_no: string; name: string | null }>(
      `select row_no::text as row_no, left(name, 2000) as name from ${quoted(from)}
        ${last === undefined ? '' : `where ${quoted(from)}.row_no > ${last}`}
        order by ${quoted(from)}.row_no limit ${BATCH_ROWS}`,
    );
    if (people.length === 0) {
      return;
    }
    last = people.at(-1)!.row_no;
    const bases = people.map(({ row_no, name }) => {
      const whole = nicknameOf(name);
      return { row_no, whole, cut: nicknameWithRoom(whole, FEW_DIGITS) };
    });
    await target.query(
      `insert into laurel_nickname_bases (row_no, whole, cut)
        select row_no, whole, cut from json_to_recordset($1::json) b (row_no bigint, whole text, cut text)`,
      [JSON.stringify(bases)],
    );
  }
}

/** What nobody gets besides what players have, and by and by what has been given: as the database compares nicknames. */
async function makeTaken(target: Target, reserved: readonly string[]): Promise<void> {
  await target.query(
    'create temporary table laurel_nicknames_taken (key text collate "C", skeleton text collate "C") on commit drop',
  );
  await target.query(
    `insert into laurel_nicknames_taken (key, skeleton)
      select laurel_nickname_key(r), laurel_nickname_skeleton(r) from json_array_elements_text($1::json) r`,
    [JSON.stringify(reserved)],
  );
  await target.query('create index on laurel_nicknames_taken (key)');
  await target.query('create index on laurel_nicknames_taken (skeleton)');
}

interface Attempt extends Pick<NicknameOptions, 'from' | 'into'> {
  /** SQL of the nickname to try. */
  nickname: string;
}

/** Gives that nickname to each who has none yet, unless somebody has it or one that looks like it. */
async function settle(target: Target, { from, into, nickname }: Attempt): Promise<void> {
  const isFirst = (by: string): string =>
    `row_number() over (partition by ${by} order by created_at, email collate "C", row_no)`;
  await target.query(
    `with tried as materialized (
        select p.row_no, p.created_at, p.email, n.nickname,
          laurel_nickname_key(n.nickname) as key, laurel_nickname_skeleton(n.nickname) as skeleton
        from ${quoted(from)} p join laurel_nickname_bases b on b.row_no = p.row_no
          cross join lateral (select ${nickname} as nickname) n
        where not exists (${settled(into)})
      ), free as (
        select tried.*, ${isFirst('skeleton')} as place from tried
        where not exists (select from users u where u.nickname_key = tried.key)
          and not exists (select from users u where u.nickname_skeleton = tried.skeleton)
          and not exists (select from laurel_nicknames_taken t where t.key = tried.key)
          and not exists (select from laurel_nicknames_taken t where t.skeleton = tried.skeleton)
      ), given as (
        select row_no, nickname, key, skeleton
        from (select free.*, ${isFirst('key')} as place_by_key from free where place = 1) firsts
        where place_by_key = 1
      ), noted as (
        insert into laurel_nicknames_taken (key, skeleton) select key, skeleton from given
      )
      insert into ${quoted(into)} (row_no, nickname) select row_no, nickname from given`,
  );
}

function settled(into: string): string {
  return `select from ${quoted(into)} g where g.row_no = p.row_no`;
}
