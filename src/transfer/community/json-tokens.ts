import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { parser, type Token } from 'stream-json/parser.js';
import { verifier, type VerifierError } from 'stream-json/utils/verifier.js';
import { TransferError } from '../errors.js';

const READ_BYTES = 64 * 1024;

/**
 * The tokens of a JSON file, one after the other, numbers in their own digits. A byte order mark is passed over.
 * @throws TransferError that says where the file is not JSON, or not UTF-8
 */
export async function* jsonTokens(path: string): AsyncGenerator<Token> {
  const tokens = parser.asStream({ packValues: true, streamValues: false });
  // What breaks the one breaks the other, and the loop below: nothing is left to be told here.
  pipeline(textOf(path), tokens, () => undefined);
  try {
    for await (const token of tokens as AsyncIterable<Token>) {
      yield token;
    }
  } catch (error) {
    throw error instanceof TransferError ? error : await explained(path, error);
  }
}

async function* textOf(path: string): AsyncGenerator<string> {
  let offset = 0;
  // The beginning of a character whose end has not been read.
  let begun = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([begun, chunk]);
    const text = decoded(bytes);
    if (text === undefined) {
      throw notUtf8(path, offset + validBytes(bytes));
    }
    const length = Buffer.byteLength(text);
    begun = bytes.subarray(length);
    offset += length;
    yield text;
  }
  if (begun.length > 0) {
    throw notUtf8(path, offset);
  }
}

/** @returns the text of the whole characters; undefined where bytes are none */
function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** How many bytes there are before the first that is no text. */
function validBytes(bytes: Buffer): number {
  let [valid, invalid] = [0, bytes.length];
  while (invalid - valid > 1) {
    const middle = Math.floor((valid + invalid) / 2);
    if (decoded(bytes.subarray(0, middle)) === undefined) {
      invalid = middle;
    } else {
      valid = middle;
    }
  }
  return valid;
}

function notUtf8(path: string, byte: number): TransferError {
  return new TransferError(
    `${path} is not UTF-8: what is after ${byte} bytes is no text. Nothing was changed. Export it as UTF-8.`,
  );
}

/** The parser says what it has not found; the verifier goes through the file once more and says where. */
async function explained(path: string, error: unknown): Promise<unknown> {
  const fault = await faultOf(path);
  return fault === undefined
    ? error
    : new TransferError(
        `${path}, line ${fault.line}, character ${fault.pos}: ${whatOf(fault)}. Nothing was changed. It is to be the whole of an export, as JSON.`,
        { cause: error },
      );
}

async function faultOf(path: string): Promise<VerifierError | undefined> {
  const checked = verifier.asStream();
  pipeline(textOf(path), checked, () => undefined);
  try {
    for await (const _ of checked) {
      // It has nothing to say but where it fails.
    }
  } catch (error) {
    if (error instanceof Error && 'line' in error) {
      return error as VerifierError;
    }
  }
  return undefined;
}

/** Without the place and the name of what looked, which it begins with. */
function whatOf({ message }: VerifierError): string {
  return message.replace(/^ERROR at \d+ \(\d+, \d+\): Verifier (?:cannot parse input: |has )/, '');
}
