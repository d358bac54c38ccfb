import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { GameOptions } from '../../src/transfer/game/options.js';
import { move, moveAndCommit, openTarget, OPTIONS, type Rows, type TestTarget, undone, user } from './game-support.js';

const NEWER: GameOptions = { ...OPTIONS, merge: 'newer' };

/** The third played first, which is all that is known of how old a player is. */
const ROWS: Rows = {
  users: [
    user(1, { nickname: 'Paul' }),
    user(2, { nickname: 'PauI' }),
    user(3, { nickname: 'Раul' }),
    user(4, { nickname: 'Ringo' }),
  ],
  game_visits: [
    { id: 1, user_id: 3, visit_date: '2025-01-10', visit_count: 1 },
    { id: 2, user_id: 1, visit_date: '2025-01-11', visit_count: 1 },
  ],
};
const NICKNAMES = `select nickname || case when look_alike_kept then ' *' else '' end as v
  from users where legacy_id is not null order by legacy_id`;

let open: TestTarget;
beforeAll(async () => {
  open = await openTarget();
});
afterAll(() => open.close());

async function nicknames(rows: Rows, options: GameOptions): Promise<unknown[]> {
  return undone(open.target, async () => {
    const { findings, reconciliation } = await move(open.target, rows, {}, options);
    expect(findings).toEqual([]);
    expect(reconciliation.audits.filter(({ wrong }) => wrong > 0)).toEqual([]);
    return (await open.target.query<{ v: unknown }>(NICKNAMES)).map(({ v }) => v);
  });
}

test('players who look alike all come, and the oldest holds the nickname against others', async () => {
  expect(await nicknames(ROWS, OPTIONS)).toEqual(['Paul *', 'PauI *', 'Раul', 'Ringo']);
});

test('merged with a Laurel, whoever is there already holds it', async () => {
  await moveAndCommit(open.target, { users: [user(9, { nickname: 'pаul' })] });
  const rows = { ...ROWS, users: [...ROWS['users']!, user(9, { nickname: 'pаul' }), user(10, { nickname: 'Rіngo' })] };
  expect(await nicknames(rows, NEWER)).toEqual(['Paul *', 'PauI *', 'Раul *', 'Ringo', 'pаul', 'Rіngo *']);
});
