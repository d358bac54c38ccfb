import type { Token } from 'stream-json/parser.js';

/** A value in JSON that is no object or list, or the text of one that is. */
export interface JsonValue {
  is: 'text' | 'number' | 'boolean' | 'null' | 'object' | 'list';
  /** A text as it is; anything else as it is written in JSON, numbers in their own digits. */
  text: string;
}

/** The fields of an object in their order: one that is there twice is there twice. */
export type JsonFields = readonly (readonly [name: string, value: JsonValue])[];

/** Takes the tokens of a file one by one. */
export class TokenReader {
  readonly #tokens: AsyncIterator<Token>;

  constructor(tokens: AsyncIterable<Token>) {
    this.#tokens = tokens[Symbol.asyncIterator]();
  }

  /** @returns undefined at the end */
  async next(): Promise<Token | undefined> {
    const { value, done } = await this.#tokens.next();
    return done === true ? undefined : value;
  }

  /** Gives the file back before its end. */
  async close(): Promise<void> {
    await this.#tokens.return?.();
  }

  /** What begins with that token. */
  async value(first: Token): Promise<JsonValue> {
    switch (first.name) {
      case 'stringValue':
        return { is: 'text', text: first.value };
      case 'numberValue':
        return { is: 'number', text: first.value };
      case 'trueValue':
      case 'falseValue':
        return { is: 'boolean', text: String(first.value) };
      case 'startObject':
        return { is: 'object', text: await this.written(first) };
      case 'startArray':
        return { is: 'list', text: await this.written(first) };
      default:
        return { is: 'null', text: 'null' };
    }
  }

  /** The fields of the object whose first token was read. */
  async fields(): Promise<JsonFields> {
    const fields: [string, JsonValue][] = [];
    for (;;) {
      const token = await this.next();
      if (token?.name !== 'keyValue') {
        return fields;
      }
      fields.push([token.value, await this.value((await this.next())!)]);
    }
  }

  /** Goes past what begins with that token. */
  async skip(first: Token): Promise<void> {
    let depth = depthAfter(0, first);
    while (depth > 0) {
      depth = depthAfter(depth, (await this.next())!);
    }
  }

  /** What begins with that token, as JSON again. */
  private async written(first: Token): Promise<string> {
    const parts = [textOf(first)];
    let depth = 1;
    let before = first;
    while (depth > 0) {
      const token = (await this.next())!;
      depth = depthAfter(depth, token);
      parts.push(between(before, token), textOf(token));
      before = token;
    }
    return parts.join('');
  }
}

function depthAfter(depth: number, { name }: Token): number {
  switch (name) {
    case 'startObject':
    case 'startArray':
      return depth + 1;
    case 'endObject':
    case 'endArray':
      return depth - 1;
    default:
      return depth;
  }
}

function textOf(token: Token): string {
  switch (token.name) {
    case 'startObject':
      return '{';
    case 'endObject':
      return '}';
    case 'startArray':
      return '[';
    case 'endArray':
      return ']';
    case 'keyValue':
      return `${JSON.stringify(token.value)}:`;
    case 'stringValue':
      return JSON.stringify(token.value);
    case 'numberValue':
      return token.value;
    case 'trueValue':
    case 'falseValue':
    case 'nullValue':
      return String(token.value);
    default:
      return '';
  }
}

/** A comma stands between two values, and between a value and the next key. */
function between(before: Token, token: Token): string {
  const isFirst = before.name === 'startObject' || before.name === 'startArray' || before.name === 'keyValue';
  const isLast = token.name === 'endObject' || token.name === 'endArray';
  return isFirst || isLast ? '' : ',';
}
