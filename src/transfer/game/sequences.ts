import type { Target } from '../target.js';

/** The sequences of the old integers, which the way back gives to newer rows, and the tables that have them. */
export const SEQUENCES = {
  users_id_seq: 'users',
  scores_id_seq: 'scores',
  friendships_id_seq: 'friendships',
  monthly_scores_id_seq: 'standings',
  game_visits_id_seq: 'visits',
} as const;

/**
 * Moves the sequences to the largest of the old integers; none goes back. Unlike setval alone, a sequence that has been
 * restarted before goes back with the transaction.
 */
export async function moveSequences(target: Target): Promise<void> {
  for (const [sequence, table] of Object.entries(SEQUENCES)) {
    const [row] = await target.query<{ largest: number | null; last: string; called: boolean }>(
      `select (select max(legacy_id) from ${table}) as largest, last_value::text as last, is_called as called
        from ${sequence}`,
    );
    const largest = row?.largest ?? 0;
    const last = Number(row?.last ?? 0) - (row?.called === true ? 0 : 1);
    if (largest > last) {
      await target.query(`alter sequence ${sequence} restart with ${largest}`);
      await target.query(`select setval('${sequence}', ${largest})`);
    }
  }
}
