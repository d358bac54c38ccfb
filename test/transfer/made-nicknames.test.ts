import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { normalizeNickname } from '../../src/account/nickname.js';
import { makeNicknames } from '../../src/transfer/service/made-nicknames.js';
import { newId } from '../../src/shared/ids.js';
import { openTarget, type TestTarget, undone } from './game-support.js';

let open: TestTarget;
beforeAll(async () => {
  open = await openTarget();
});
afterAll(() => open.close());

interface Person {
  name: string | null;
  email: string;
  /** Left out: all at once. */
  at?: string;
}

interface Given {
  reserved?: string[];
  /** Nicknames of players who are there. */
  players?: string[];
}

/** The nicknames that people get, in their order. */
async function nicknames(people: readonly Person[], { reserved = [], players = [] }: Given = {}): Promise<string[]> {
  const { target } = open;
  return undone(target, async () => {
    for (const player of players) {
      await target.query('insert into users (id, nickname) values ($1, $2)', [newId(), player]);
    }
    await target.query(
      'create temporary table people (row_no bigint, name text, email text, created_at timestamptz) on commit drop',
    );
    await target.query(
      `insert into people select * from json_to_recordset($1::json)
        p (row_no bigint, name text, email text, created_at timestamptz)`,
      [
        JSON.stringify(
          people.map(({ at = '2025-01-01', ...person }, row) => ({ row_no: row, ...person, created_at: at })),
        ),
      ],
    );
    await makeNicknames(target, { from: 'people', into: 'made', reserved });
    const made = await target.query<{ nickname: string }>('select nickname from made order by row_no');
    return made.map(({ nickname }) => nickname);
  });
}

/** The digits that an address makes, as anybody can work them out. */
function digitsOf(email: string, count: number): string {
  const hash = createHash('md5').update(email).digest('hex');
  return String(BigInt(`0x${hash.slice(0, 15)}`) % 10n ** BigInt(count)).padStart(count, '0');
}

const ada = (rest: Partial<Person> = {}): Person => ({ name: 'Ada', email: 'ada@example.com', ...rest });
const ADA_AND_DIGITS = `Ada${digitsOf('ada@example.com', 6)}`;

describe('nicknames made from names', () => {
  test('are the names, as far as they make nicknames', async () => {
    const names = ['Ada Lovelace', ' Ada \t Byron ', '지민', 'A', null, 'x'.repeat(40)];
    const people = names.map((name, index) => ({ name, email: `${index}@example.com` }));
    expect(await nicknames(people)).toEqual([
      'Ada Lovelace',
      'Ada Byron',
      '지민',
      'player',
      `player${digitsOf('4@example.com', 6)}`,
      'x'.repeat(32),
    ]);
  });

  test('of several with one name, the first by time and then by address has it bare', async () => {
    const people = [
      ada({ email: 'c@example.com' }),
      ada({ email: 'b@example.com' }),
      ada({ email: 'a@example.com', at: '2025-01-02' }),
    ];
    const expected = [`Ada${digitsOf('c@example.com', 6)}`, 'Ada', `Ada${digitsOf('a@example.com', 6)}`];
    expect(await nicknames(people)).toEqual(expected);
    expect(await nicknames(people.toReversed())).toEqual(expected.toReversed());
  });

  test.each([
    ['in another case', 'ADA'],
    ['in wide letters', 'Ａｄａ'],
    ['in Cyrillic letters that look the same', 'Аdа'],
  ])('that another person of the run, a player or the server has %s get digits', async (_what, same) => {
    expect(await nicknames([ada({ at: '2025-01-02' }), { name: same, email: 'other@example.com' }])).toEqual([
      ADA_AND_DIGITS,
      same,
    ]);
    expect(await nicknames([ada()], { players: [same] })).toEqual([ADA_AND_DIGITS]);
    expect(await nicknames([ada()], { reserved: [same] })).toEqual([ADA_AND_DIGITS]);
  });

  test('do not depend on the case of the address, and leave room for the digits', async () => {
    const people = [{ name: 'y'.repeat(40), email: 'ADA@example.com' }];
    expect(await nicknames(people, { players: ['y'.repeat(32)] })).toEqual([
      `${'y'.repeat(26)}${digitsOf('ada@example.com', 6)}`,
    ]);
  });

  test('are "player" with twelve digits where even the six are taken, and with twelve others after that', async () => {
    const twelve = `player${digitsOf('ada@example.com', 12)}`;
    expect(await nicknames([ada()], { players: ['Ada', ADA_AND_DIGITS] })).toEqual([twelve]);
    const [next] = await nicknames([ada()], { players: ['Ada', ADA_AND_DIGITS, twelve] });
    expect(next).toMatch(/^player\d{12}$/);
    expect(next).not.toBe(twelve);
  });

  test('beyond that end the run, which says what to do', async () => {
    const taken: string[] = ['Ada'];
    for (let attempt = 0; attempt < 4; attempt++) {
      taken.push(...(await nicknames([ada()], { players: taken })));
    }
    await expect(nicknames([ada()], { players: taken })).rejects.toThrow(/1 people got no nickname.* Rename players/);
  });

  test('of thousands with a few names are nicknames, and no two look alike', async () => {
    const names = ['Ada', 'аda', 'ADA', 'Mina', 'Μina', null, '김민준', '👩‍💻 dev', 'x'.repeat(300)];
    const people = Array.from({ length: 6000 }, (_, row) => ({
      name: names[row % names.length]!,
      email: `p${row}@example.com`,
    }));
    const made = await nicknames(people);
    expect(made).toHaveLength(6000);
    made.forEach((nickname) => expect(normalizeNickname(nickname, 'nickname')).toBe(nickname));
    const [{ distinct }] = (await open.target.query<{ distinct: number }>(
      `select least(count(distinct laurel_nickname_key(n)), count(distinct laurel_nickname_skeleton(n)))::integer as distinct
        from json_array_elements_text($1::json) n`,
      [JSON.stringify(made)],
    )) as [{ distinct: number }];
    expect(distinct).toBe(6000);
  });
});
