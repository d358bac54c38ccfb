/** What the service's columns of a few words can say; it kept them in small letters or, as its library does, in capitals. */
export const WORDS = {
  role: { words: ['admin', 'user'], usual: 'user' },
  schedule_type: { words: ['visit', 'meeting', 'training', 'report', 'other'], usual: 'other' },
  status: { words: ['scheduled', 'in_progress', 'completed', 'cancelled'], usual: 'scheduled' },
  priority: { words: ['high', 'medium', 'low'], usual: 'medium' },
} as const;

/** SQL: the word of a row aliased `t` as Laurel has it. */
export function wordOf(column: keyof typeof WORDS): string {
  return `lower(t.${column})`;
}
