import type { Difference } from './catalog-difference.js';

/**
 * How databases of the old game service may differ from the migration that describes it. Its generated revisions left
 * `users.user_id` nullable or not, as the case may be, and brought the keys of friendships late.
 * Migration20261121000200_users_uuid_key takes them all.
 */
const ACCEPTED: Pick<Difference, 'object' | 'property'>[] = [
  { object: { table: 'users', kind: 'column', name: 'user_id' }, property: 'NULL' },
  ...['requester', 'receiver'].map((side) => ({
    object: { table: 'friendships', kind: 'foreign key', name: `friendships_${side}_id_fkey` },
    property: 'missing',
  })),
];

const UNTIL = 'Migration20261121000200_users_uuid_key';

/**
 * Parts differences into those that count, and those that the migrations to come allow for.
 * @param revision the newest migration of the history that is compared with
 */
export function partAccepted(
  differences: readonly Difference[],
  revision: string | undefined,
): { counted: Difference[]; accepted: Difference[] } {
  const accepted = differences.filter(
    ({ object, property }) =>
      (revision ?? UNTIL) < UNTIL &&
      ACCEPTED.some(
        (each) =>
          each.property === property &&
          each.object.table === object.table &&
          each.object.kind === object.kind &&
          each.object.name === object.name,
      ),
  );
  return { counted: differences.filter((difference) => !accepted.includes(difference)), accepted };
}
