import { scan, type ScanToken } from 'libpg-query';

const LONGEST_LINE = 100;

/** As PostgreSQL's scanner says it: keywords of these kinds can name things without quotes. */
const FREE_KEYWORDS = new Set([0, 1]);

/** SQL as the migrations have it: names without quotes that do not need them, long statements on several lines. */
export async function laidOut(statement: string): Promise<string> {
  const plain = await withoutNeedlessQuotes(statement.trim());
  if (plain.length <= LONGEST_LINE || plain.includes('\n')) {
    return plain;
  }
  return /^create table\b/i.test(plain) ? brokenAt(plain, 1) : brokenAt(plain, 0);
}

async function withoutNeedlessQuotes(statement: string): Promise<string> {
  const { tokens } = await scan(statement);
  const bytes = Buffer.from(statement);
  let result = '';
  let end = 0;
  for (const token of tokens) {
    result += bytes.subarray(end, token.start).toString() + (await withoutQuotes(token));
    end = token.end;
  }
  return result + bytes.subarray(end).toString();
}

async function withoutQuotes({ text }: ScanToken): Promise<string> {
  const [, name] = /^"([a-z_][a-z0-9_]*)"$/.exec(text) ?? [];
  if (name === undefined) {
    return text;
  }
  const [token] = (await scan(name)).tokens;
  return token !== undefined && FREE_KEYWORDS.has(token.keywordKind) ? name : text;
}

/** The parts between the commas that are inside of `depth` parentheses, with what is before and after them. */
export async function partsAt(
  statement: string,
  depth: 0 | 1,
): Promise<{ before: string; parts: string[]; after: string }> {
  const { tokens } = await scan(statement);
  const bytes = Buffer.from(statement);
  const cuts: number[] = [];
  let from = 0;
  let to = bytes.length;
  let open = 0;
  for (const { text, start, end } of tokens) {
    if (text === '(') {
      open += 1;
      from = open === 1 && depth === 1 && from === 0 ? end : from;
    } else if (text === ')') {
      to = open === 1 && depth === 1 ? start : to;
      open -= 1;
    } else if (text === ',' && open === depth) {
      cuts.push(start);
    }
  }
  const edges = [from, ...cuts.map((cut) => cut + 1)];
  return {
    before: bytes.subarray(0, from).toString().trim(),
    parts: edges.map((edge, index) =>
      bytes
        .subarray(edge, cuts[index] ?? to)
        .toString()
        .trim(),
    ),
    after: bytes.subarray(to).toString().trim(),
  };
}

async function brokenAt(statement: string, depth: 0 | 1): Promise<string> {
  const { before, parts, after } = await partsAt(statement, depth);
  if (depth === 0) {
    return parts.join(',\n  ').replace(/^(alter table \S+) (?=add )/i, '$1\n  ');
  }
  return `${before}\n  ${parts.join(',\n  ')}\n${after}`;
}
