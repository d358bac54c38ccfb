/** PostgreSQL cuts longer names off. */
export const MAX_NAME_BYTES = 63;

/** Names of one schema that are given to things which may be called anything: each is given once. */
export class FreeNames {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set([...taken].map((name) => cutTo(name, MAX_NAME_BYTES)));
  }

  /** The first of the names that is free, cut to what PostgreSQL keeps; else the last of them with a number. */
  take(...names: [string, ...string[]]): string {
    const cut = names.map((name) => cutTo(name, MAX_NAME_BYTES));
    const free = cut.find((name) => !this.#taken.has(name)) ?? this.#numbered(names.at(-1)!);
    this.#taken.add(free);
    return free;
  }

  #numbered(name: string): string {
    for (let number = 2; ; number += 1) {
      const end = `_${number}`;
      const numbered = cutTo(name, MAX_NAME_BYTES - end.length) + end;
      if (!this.#taken.has(numbered)) {
        return numbered;
      }
    }
  }
}

/** The first characters of a name that have no more than so many bytes in UTF-8. */
function cutTo(name: string, bytes: number): string {
  let result = '';
  let left = bytes;
  for (const character of name) {
    left -= Buffer.byteLength(character);
    if (left < 0) {
      break;
    }
    result += character;
  }
  return result;
}
