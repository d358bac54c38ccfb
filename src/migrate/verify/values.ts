import { createHash } from 'node:crypto';
import type { MigrationFile } from '../history.js';
import type { Column, Table } from './tables.js';

/** What to insert in a column: text of its type, NULL, its default, or the next number of its sequence. */
export type Value = string | null | typeof DEFAULT | typeof NEXT;

export const DEFAULT = Symbol('default');
export const NEXT = Symbol('next');

/** What SQL compares columns with, by their names: bounds that rows have without a constraint. */
export interface Hints {
  texts: Map<string, string[]>;
  ranges: Map<string, [number, number]>;
}

/** Collects from migrations what they say of columns: `status in ('a', 'b')`, `month between 1 and 12`. */
export function collectHints(history: readonly MigrationFile[]): Hints {
  const hints: Hints = { texts: new Map(), ranges: new Map() };
  const text = history.flatMap(({ up }) => up ?? []).join('\n');
  for (const [, column, list] of text.matchAll(/(\w+)\s+(?:not\s+)?in\s*\(\s*('[^']*'(?:\s*,\s*'[^']*')*)\s*\)/gi)) {
    // Several tables can have a column of that name. The first is the one that had it before it had a constraint.
    if (!hints.texts.has(column!)) {
      hints.texts.set(column!, literalsIn(list!));
    }
  }
  for (const [, column, low, high] of text.matchAll(/(\w+)\s+(?:not\s+)?between\s+(-?\d+)\s+and\s+(-?\d+)/gi)) {
    hints.ranges.set(column!, [Number(low), Number(high)]);
  }
  return hints;
}

/**
 * Values to be tried in a column, the likeliest first.
 * @param seed a number that no other row of the table has
 */
export function candidates(table: Table, column: Column, seed: number, hints: Hints): Value[] {
  const values = [...new Set([...preferred(table, column, seed, hints), ...ofType(table, column, seed)])];
  // Drawn, so that a migration that draws too gets others.
  if (column.next !== null) {
    return [NEXT, ...values];
  }
  // At the end, because it may be the time, or random.
  const last: Value[] = column.hasDefault ? [DEFAULT] : [];
  if (column.notNull) {
    return [...values, ...last];
  }
  return isSparse(seed) ? [null, ...values, ...last] : [...values, null, ...last];
}

/** Whether a row leaves out what it can: every other one does. */
export function isSparse(seed: number): boolean {
  return seed % 2 === 0;
}

const TEXT = /^(text|varchar|bpchar|citext|name)$/;
const NUMBER = /^(int[248]|numeric|float[48])$/;

function preferred(table: Table, { name, base, labels }: Column, seed: number, hints: Hints): string[] {
  if (labels !== null) {
    return rotated(labels, seed);
  }
  const checks = table.checks.filter(({ columns }) => columns.includes(name));
  if (TEXT.test(base)) {
    const stated = checks
      .flatMap(({ definition }) => literalsIn(definition))
      .filter((text) => !/[\^$*+%[(\\]/.test(text));
    const special = SPECIAL.find(([pattern]) => pattern.test(name))?.[1](seed);
    return [
      ...rotated(stated.length > 0 ? stated : (hints.texts.get(name) ?? []), seed),
      ...(special === undefined ? [] : [special]),
    ];
  }
  const [low, high] = hints.ranges.get(name) ?? [];
  return NUMBER.test(base) && low !== undefined && high !== undefined && (seed < low || seed > high)
    ? [String(low + (seed % (high - low + 1)))]
    : [];
}

/** Texts that functions understand. */
const SPECIAL: [RegExp, (seed: number) => string][] = [
  [/mail/, (seed) => `row-${seed}@example.test`],
  [/zone/, () => 'UTC'],
  [/url|link/, (seed) => `https://example.test/${seed}`],
];

function ofType(table: Table, { name, base }: Column, seed: number): string[] {
  const place = table.columns.findIndex((column) => column.name === name);
  const make = MAKERS.find(([pattern]) => pattern.test(base))?.[1];
  const made = make?.(seed, place, `${table.name}.${name}.${seed}`) ?? [
    `row-${seed}`,
    String(seed),
    '{}',
    `(${seed},${seed})`,
  ];
  const stated = NUMBER.test(base) ? table.checks.flatMap(({ definition }) => numbersIn(definition)) : [];
  return [...made, ...stated];
}

type Maker = (seed: number, place: number, path: string) => string[];

const MAKERS: [RegExp, Maker][] = [
  [/^_/, () => ['{}']],
  [NUMBER, (seed) => [String(seed), '0', '1', String(-seed)]],
  [/^bool$/, (seed) => rotated(['true', 'false'], seed)],
  [TEXT, (seed) => [`row-${seed}`, String(seed), `R${seed}`, `row-${seed}@example.test`, 'UTC', '']],
  [/^uuid$/, (_seed, _place, path) => [uuidOf(path)]],
  [/^date$/, (seed) => [dayOf(seed, 0).slice(0, 10)]],
  [/^timestamp(tz)?$/, (seed, place) => [dayOf(seed, place)]],
  [/^timetz?$/, (seed, place) => [dayOf(seed, place).slice(11, 19)]],
  [/^interval$/, (seed) => [`${seed} hours`]],
  [/^bytea$/, (_seed, _place, path) => [`\\x${digest(path)}`]],
  [/^jsonb?$/, (seed) => [`{"row": ${seed}}`, '[]', `${seed}`]],
  [/^pg_lsn$/, (seed) => [`0/${(0x1000 + seed).toString(16).toUpperCase()}`]],
  [/^inet$/, (seed) => [`10.0.0.${seed % 256}`]],
  [/^cidr$/, (seed) => [`10.0.${seed % 256}.0/24`]],
  [/^(num|int[48])range$/, (seed) => [`[${seed},${seed + 1})`]],
  [/^(date|tsrange|tstz)(range)?$/, (seed) => [`[${dayOf(seed, 0)},${dayOf(seed, 1)})`]],
  [/^bit$/, () => ['1']],
  [/^varbit$/, (seed) => [seed.toString(2)]],
];

function dayOf(seed: number, place: number): string {
  return new Date(Date.UTC(2024, 0, 1 + (seed % 3650), place % 24)).toISOString().replace('T', ' ').replace('Z', '+00');
}

function digest(path: string): string {
  return createHash('md5').update(path).digest('hex');
}

function uuidOf(path: string): string {
  const digits = digest(path);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20),
  ].join('-');
}

function literalsIn(definition: string): string[] {
  return [...definition.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => text!.replaceAll("''", "'"));
}

function numbersIn(definition: string): string[] {
  return [...definition.matchAll(/-?\d+(?:\.\d+)?/g)].flatMap(([text]) => [
    text,
    String(Number(text) + 1),
    String(Number(text) - 1),
  ]);
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
