import { Readable } from 'node:stream';

/**
 * A script with something before and after it. What comes after is there only where the script was read to its end:
 * with a commit in it, nothing of a script that was cut off is kept.
 */
export function scriptWithin(before: string, script: AsyncIterable<Buffer>, after: string): Readable {
  async function* parts(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${before}\n`);
    yield* script;
    yield Buffer.from(`\n${after}\n`);
  }
  return Readable.from(parts(), { objectMode: false });
}
