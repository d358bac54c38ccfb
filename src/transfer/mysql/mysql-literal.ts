/** A whole text that is one quoted literal of MySQL. */
const LITERAL = /^'(?:[^'\\]|''|\\[\s\S])*'$/u;

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\u001A',
};

/** What a quoted literal of MySQL says; null where the text is anything else. */
export function textOfLiteral(sql: string): string | null {
  return LITERAL.test(sql) ? withoutEscapes(sql.slice(1, -1).replaceAll(/\\[\s\S]|''/gu, doubledQuote)) : null;
}

function doubledQuote(found: string): string {
  return found === "''" ? "\\'" : found;
}

/** A text without MySQL's backslash escapes. */
export function withoutEscapes(text: string): string {
  return text.replaceAll(/\\([\s\S])/gu, (_, character: string) => ESCAPES[character] ?? character);
}

/** The members of an enum or set, from its type as the catalog spells it, such as `enum('a','b')`. */
export function membersOf(columnType: string): string[] {
  const literals = columnType.match(/'(?:[^'\\]|''|\\[\s\S])*'/gu) ?? [];
  return literals.map((sql) => textOfLiteral(sql)!);
}
