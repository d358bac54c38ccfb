const MEMBER = `'((?:[^']|'')*)'::character varying`;

/** As `x in ('a', 'b')` is shown of a varchar where the statement was written so: the list is cast as a whole. */
const CAST_LIST = new RegExp(`\\((ARRAY\\[(?:${MEMBER}(?:, )?)+\\])\\)::text\\[\\]`, 'g');

/** As it is shown after a dump and a restore, which read the former: each of its members is. */
const CAST_MEMBER = new RegExp(`\\(${MEMBER}\\)::text`, 'g');

/**
 * A definition as PostgreSQL shows it, in words that are the same before a dump and after its restore: what was
 * restored is no drift.
 */
export function restoredDefinition(definition: string): string {
  return definition.replaceAll(CAST_LIST, '$1').replaceAll(CAST_MEMBER, "'$1'::character varying");
}
