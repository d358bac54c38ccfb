import { createConnection } from 'mysql2/promise';
import { withClient } from '../postgres.js';

/** So many rows at most: the speed does not depend on how many there are. */
export const ROW_BY_ROW_ROWS = 100_000;

const TABLE = `create table scores (id integer primary key, user_id integer not null, score integer not null,
  created_at timestamptz not null)`;

/** What a script of a few lines does: one insert for each row, in one transaction. */
export async function moveRowByRow({ mysql, postgres, rows }) {
  const started = performance.now();
  const source = await createConnection({ uri: mysql, timezone: 'Z' });
  try {
    const [scores] = await source.query('select id, user_id, score, created_at from scores limit ?', [rows]);
    await withClient(postgres, async (client) => {
      await client.query(TABLE);
      await client.query('begin');
      for (const { id, user_id: userId, score, created_at: createdAt } of scores) {
        await client.query('insert into scores (id, user_id, score, created_at) values ($1, $2, $3, $4)', [
          id,
          userId,
          score,
          createdAt,
        ]);
      }
      await client.query('commit');
    });
  } finally {
    await source.end();
  }
  const seconds = (performance.now() - started) / 1000;
  return { copySeconds: seconds, seconds };
}
