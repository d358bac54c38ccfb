import type { Row, Value } from '../table.js';
import type { Entry } from './entries.js';
import type { JsonValue } from './json-value.js';
import type { Field, Section } from './sections.js';

const INTEGER = /^-?(?:0|[1-9]\d*)$/;

/** What a field is to be, for people. */
const WORDS: Readonly<Record<Field['holds'], string>> = {
  text: 'a text',
  key: 'a text or an integer',
  boolean: 'true or false',
  time: 'a time as text',
};

/**
 * An entry as a row of its section's table. What cannot be put into a column is not, and the row says so.
 * @param place which one of its section it is, from 1
 */
export function rowOf(entry: Entry, place: number): Row {
  const { section } = entry;
  const faults: string[] = [];
  const given = valuesOf(entry, faults);
  const values = section.fields.map((field) => {
    const value = given.get(field.name);
    if (value === undefined || value.is === 'null') {
      return null;
    }
    if (!holds(field, value)) {
      faults.push(`${field.name} is to be ${WORDS[field.holds]}, and is ${described(value)}`);
      return null;
    }
    return bytesOf(value.text);
  });
  return [Buffer.from(String(place)), ...values, faults.length === 0 ? null : bytesOf(faults.join('; '))];
}

/** Fields of an entry that the community's rows do not have. */
export function unknownFields({ section, fields = [] }: Entry): string[] {
  return fields.map(([name]) => name).filter((name) => !section.fields.some((field) => field.name === name));
}

function valuesOf({ section, key, fields, value }: Entry, faults: string[]): Map<string, JsonValue> {
  if (fields !== undefined) {
    const values = onceEach(section, fields, faults);
    addKey(section, key, values, faults);
    return values;
  }
  const values = new Map<string, JsonValue>();
  if (section.value !== undefined && key !== null) {
    values.set(section.key, { is: 'text', text: key });
    values.set(section.value, value!);
  } else if (section.value !== undefined && value!.is === 'text') {
    values.set(section.key, value!);
  } else {
    addKey(section, key, values, faults);
    faults.push(`the row is to be an object, and is ${described(value!)}`);
  }
  return values;
}

/** Of a field that is there twice, neither is taken: nobody says which is meant. */
function onceEach(section: Section, fields: NonNullable<Entry['fields']>, faults: string[]): Map<string, JsonValue> {
  const values = new Map<string, JsonValue>();
  for (const { name } of section.fields) {
    const all = fields.filter(([of]) => of === name).map(([, value]) => value);
    if (all.length > 1) {
      faults.push(`${name} is there ${all.length} times: ${all.map(described).join(', ')}`);
    } else if (all.length === 1) {
      values.set(name, all[0]!);
    }
  }
  return values;
}

/** What a row is kept by says what its key is, where it does not say so itself. Where both differ, neither is taken. */
function addKey({ key: name }: Section, key: string | null, values: Map<string, JsonValue>, faults: string[]): void {
  if (key === null) {
    return;
  }
  const own = values.get(name);
  if (own === undefined || own.is === 'null') {
    values.set(name, { is: 'text', text: key });
  } else if (own.text !== key) {
    values.delete(name);
    faults.push(`the row is kept by ${JSON.stringify(key)}, and its ${name} is ${described(own)}`);
  }
}

function holds({ holds: expected }: Field, { is, text }: JsonValue): boolean {
  switch (expected) {
    case 'boolean':
      return is === 'boolean';
    case 'key':
      return is === 'text' || (is === 'number' && INTEGER.test(text));
    case 'text':
    case 'time':
      return is === 'text';
  }
}

function described({ is, text }: JsonValue): string {
  return is === 'text' ? JSON.stringify(text) : text;
}

/**
 * A text in UTF-8. Half a pair of surrogates, which JSON can have and Unicode has not, becomes bytes that are no UTF-8,
 * so that it is found as any other text that is none.
 */
function bytesOf(text: string): Value {
  if (text.isWellFormed()) {
    return Buffer.from(text);
  }
  const parts = Array.from(text, (character) => {
    const code = character.codePointAt(0)!;
    return code >= 0xd800 && code <= 0xdfff
      ? Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)])
      : Buffer.from(character);
  });
  return Buffer.concat(parts);
}
