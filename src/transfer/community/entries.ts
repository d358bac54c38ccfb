import type { Token } from 'stream-json/parser.js';
import { TransferError } from '../errors.js';
import { jsonTokens } from './json-tokens.js';
import { type JsonFields, type JsonValue, TokenReader } from './json-value.js';
import { type Section, SECTIONS } from './sections.js';

/** A row of a section as it is written. */
export interface Entry {
  section: Section;
  /** What it is kept by; null in a list. */
  key: string | null;
  /** Its fields, where it is an object. */
  fields: JsonFields | undefined;
  /** What it is otherwise; undefined for an object. */
  value: JsonValue | undefined;
}

/** What a reader of an export is told of. */
export interface Seen {
  /** A known section begins. */
  section(section: Section): void;
  /** Something else at the top of the file. */
  unknown(name: string): void;
}

const EXPECTED = 'It is to be an object with users, posts and token_blacklist, each a list or an object of rows';

/**
 * The rows of an export in their order.
 * @param isWanted of which sections; the others are passed over
 * @throws TransferError where the file is not JSON, or none of an export
 */
export async function* entriesOf(
  path: string,
  isWanted: (section: Section) => boolean,
  seen?: Seen,
): AsyncGenerator<Entry> {
  const reader = new TokenReader(jsonTokens(path));
  try {
    if ((await reader.next())?.name !== 'startObject') {
      throw new TransferError(`${path} is no export of the community. Nothing was changed. ${EXPECTED}.`);
    }
    const names = new Map<Section, string>();
    for (let token = await reader.next(); token?.name === 'keyValue'; token = await reader.next()) {
      const name = token.value;
      const section = SECTIONS.find(({ spelled }) => spelled.includes(name));
      const first = (await reader.next())!;
      if (section === undefined) {
        seen?.unknown(name);
        await reader.skip(first);
        continue;
      }
      const before = names.get(section);
      if (before !== undefined) {
        throw new TransferError(
          `${path} has ${before === name ? `${name} twice` : `both ${before} and ${name}`}. Nothing was changed. Leave one of them, with the rows of both.`,
        );
      }
      names.set(section, name);
      seen?.section(section);
      yield* sectionEntries(path, reader, section, name, first, isWanted(section));
    }
    // What is behind the export's end is found by reading on.
    await reader.next();
  } finally {
    await reader.close();
  }
}

async function* sectionEntries(
  path: string,
  reader: TokenReader,
  section: Section,
  name: string,
  first: Token,
  isWanted: boolean,
): AsyncGenerator<Entry> {
  if (first.name !== 'startArray' && first.name !== 'startObject') {
    const { is } = await reader.value(first);
    throw new TransferError(
      `${path}: ${name} is ${is === 'null' ? 'null' : `a ${is}`}. Nothing was changed. It is to be a list of rows, or an object of them by ${section.key}; leave it out where there are none.`,
    );
  }
  if (!isWanted) {
    await reader.skip(first);
    return;
  }
  const isKeyed = first.name === 'startObject';
  for (let token = (await reader.next())!; !isEnd(token); token = (await reader.next())!) {
    const key = isKeyed && token.name === 'keyValue' ? token.value : null;
    const value = isKeyed ? (await reader.next())! : token;
    yield value.name === 'startObject'
      ? { section, key, fields: await reader.fields(), value: undefined }
      : { section, key, fields: undefined, value: await reader.value(value) };
  }
}

function isEnd({ name }: Token): boolean {
  return name === 'endArray' || name === 'endObject';
}
