import { describe, expect, test } from '@jest/globals';
import { recogniseGame, stagedRow, stagedTable } from '../../src/transfer/game/shape.js';
import { table, TABLES } from './game-support.js';

const users = TABLES[0]!;

describe('recogniseGame', () => {
  test('takes the five tables, in the order in which they can be written', () => {
    const shape = recogniseGame(TABLES.toReversed())!;
    expect(shape.tables.map(({ name }) => name)).toEqual([
      'users',
      'scores',
      'friendships',
      'monthly_scores',
      'game_visits',
    ]);
    expect(shape.notCarried).toEqual([]);
  });

  test('takes users alone, and leaves what has no users', () => {
    expect(recogniseGame([users])?.tables).toHaveLength(1);
    expect(recogniseGame(TABLES.slice(1))).toBeUndefined();
    expect(recogniseGame([table('users', 'email varchar, name varchar')])).toBeUndefined();
  });

  test('knows the friendship columns of the first revision', () => {
    const old = table(
      'friendships',
      'created_at timestamp, id integer, user_id integer, friend_user_id integer, status varchar',
    );
    const staged = stagedTable(recogniseGame([users, old])!, 'friendships')!;
    expect(staged.table.columns.map(({ name }) => name)).toEqual([
      'created_at',
      'id',
      'requester_id',
      'receiver_id',
      'status',
    ]);
  });

  test('lists tables and columns that it does not know, and skips their values', () => {
    const wider = table('scores', 'note varchar, id integer, user_id integer, score integer, created_at timestamptz');
    const shape = recogniseGame([users, wider, table('alembic_version', 'version_num varchar')])!;
    expect(shape.notCarried.map(({ table: name, column }) => [name, column])).toEqual([
      ['scores', 'note'],
      ['alembic_version', null],
    ]);
    const scores = stagedTable(shape, 'scores')!;
    expect(scores.table.columns.at(-1)).toMatchObject({ kind: 'instant', type: 'timestamptz' });
    const row = ['secret', '1', '2', '3', '2026-01-01'].map((value) => Buffer.from(value));
    expect(stagedRow(scores, row).map(String)).toEqual(['1', '2', '3', '2026-01-01']);
  });

  test('lists a table that lacks a column, by the name of the column', () => {
    const shape = recogniseGame([users, table('game_visits', 'id integer, user_id integer, visit_count integer')])!;
    expect(shape.tables).toHaveLength(1);
    expect(shape.notCarried).toEqual([
      { table: 'game_visits', column: null, what: expect.stringContaining('visit_date') },
    ]);
  });
});
