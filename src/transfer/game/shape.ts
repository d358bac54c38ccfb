import type { Table } from '../table.js';
import {
  type CarriedColumn,
  recogniseTables,
  type Service,
  type ServiceShape,
  type StagedTable,
} from '../service/staged-table.js';

export type GameTable = 'users' | 'scores' | 'friendships' | 'monthly_scores' | 'game_visits';

export type GameStaged = StagedTable<GameTable>;

/** The game service's database, as far as there is one. */
export type GameShape = ServiceShape<GameTable>;

const id: CarriedColumn = { names: ['id'], holds: 'id' };
const userId: CarriedColumn = { names: ['user_id'], holds: 'id' };
const integer = (name: string): CarriedColumn => ({ names: [name], holds: 'integer' });
const text = (name: string): CarriedColumn => ({ names: [name], holds: 'text' });
const time = (name: string): CarriedColumn => ({ names: [name], holds: 'time' });
const date = (name: string): CarriedColumn => ({ names: [name], holds: 'date' });

const GAME: Service<GameTable> = {
  called: 'game service',
  columns: {
    users: [
      id,
      text('email'),
      text('nickname'),
      text('password'),
      date('birth_date'),
      { ...text('role'), optional: true },
      { names: ['user_id'], holds: 'uuid', optional: true },
    ],
    scores: [id, userId, integer('score'), time('created_at')],
    friendships: [
      id,
      { names: ['requester_id', 'user_id'], holds: 'id' },
      { names: ['receiver_id', 'friend_user_id'], holds: 'id' },
      text('status'),
      time('created_at'),
    ],
    monthly_scores: [id, userId, integer('year'), integer('month'), integer('score'), time('updated_at')],
    game_visits: [id, userId, date('visit_date'), integer('visit_count')],
  },
  besides: (name, columns) =>
    name === 'friendships'
      ? // When the opposite request answered this one; the source has no such time.
        [`responded_at ${columns.find((column) => column.name === 'created_at')!.type}`]
      : [],
};

/**
 * Recognises the game service's database by the names and columns of its tables.
 * @param tables all of a source
 * @param withoutUsers whether some of its other tables do as well, whose users came with an earlier run
 * @returns undefined where there are no such users
 */
export function recogniseGame(tables: readonly Table[], withoutUsers = false): GameShape | undefined {
  const shape = recogniseTables(GAME, tables);
  return shape.tables.some(({ name }) => name === 'users' || withoutUsers) ? shape : undefined;
}
