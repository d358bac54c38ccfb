import { describe, expect, test } from '@jest/globals';
import { recogniseGame } from '../../src/transfer/game/shape.js';
import { stagedRow, stagedTable } from '../../src/transfer/service/staged-table.js';
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

  test('finds tables of the service that lack a column, or have one in another type or case', () => {
    const shape = recogniseGame([
      users,
      table('game_visits', 'id integer, user_id integer, visit_count integer'),
      table('friendships', 'id integer, requester_id integer, receiver_id integer, status varchar, created_at date'),
      table('scores', 'id integer, user_id integer, SCORE integer, created_at timestamp'),
      { ...TABLES[3]!, name: 'Monthly_Scores' },
      table('Scores', 'a integer'),
    ])!;
    expect(shape.tables).toHaveLength(1);
    expect(shape.notCarried).toEqual([]);
    expect(shape.misfits.map(({ table: name, column, what }) => [name, column, what])).toEqual([
      ['game_visits', 'visit_date', 'there is no column visit_date'],
      ['friendships', 'created_at', 'created_at is date, and a date and time in the game service'],
      ['scores', 'score', 'the column SCORE is called score in the game service'],
      ['Monthly_Scores', null, 'the table is called monthly_scores in the game service'],
      ['Scores', null, 'the table is called scores in the game service'],
    ]);
    expect(shape.misfits.every(({ leavesOutTable }) => leavesOutTable)).toBe(true);
  });

  test('finds a column that need not be there and cannot be read, and goes on without it', () => {
    const numbered = table(
      'users',
      'id integer, email varchar, nickname varchar, password varchar, birth_date date, role integer, User_ID uuid',
    );
    const shape = recogniseGame([numbered])!;
    expect(shape.tables[0]!.table.columns.map(({ name }) => name)).not.toContain('role');
    expect(shape.notCarried).toEqual([]);
    expect(shape.misfits).toEqual([
      {
        table: 'users',
        column: 'role',
        what: 'role is integer, and text in the game service',
        leavesOutTable: false,
      },
      {
        table: 'users',
        column: 'user_id',
        what: 'the column User_ID is called user_id in the game service',
        leavesOutTable: false,
      },
    ]);
  });
});
