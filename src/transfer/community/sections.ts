import type { Table } from '../table.js';

/** A field of the community's rows that is carried over. */
export interface Field {
  name: string;
  /**
   * What it is to be in JSON: `key` is a text, or an integer in its digits; `time` is a text, which the database reads.
   */
  holds: 'text' | 'key' | 'boolean' | 'time';
}

/** A part of the export: the rows of one table. */
export interface Section {
  /** The table's name. */
  name: SectionName;
  /** What it is called in files. */
  spelled: readonly string[];
  fields: readonly Field[];
  /** What the rows are kept by where they are fields of an object. */
  key: string;
  /** The field that such a key, or a text in the place of a row, goes with; undefined where a row has to be an object. */
  value?: string;
}

export type SectionName = 'users' | 'posts' | 'token_blacklist';

const text = (name: string): Field => ({ name, holds: 'text' });
const key = (name: string): Field => ({ name, holds: 'key' });
const time = (name: string): Field => ({ name, holds: 'time' });

/** In the order in which they are carried over: none refers to a later one. */
export const SECTIONS: readonly Section[] = [
  {
    name: 'users',
    spelled: ['users'],
    key: 'email',
    fields: [
      text('email'),
      text('name'),
      text('picture'),
      { name: 'verified_email', holds: 'boolean' },
      text('provider'),
      key('provider_id'),
      time('created_at'),
      time('updated_at'),
    ],
  },
  {
    name: 'posts',
    spelled: ['posts'],
    key: 'id',
    fields: [key('id'), text('title'), text('content'), text('author_email'), time('created_at'), time('updated_at')],
  },
  {
    name: 'token_blacklist',
    spelled: ['token_blacklist', 'blacklist'],
    key: 'token',
    value: 'blacklisted_at',
    fields: [text('token'), time('blacklisted_at')],
  },
];

/** Which one of its section a row is, from 1: the names of people and tokens are not for reports. */
export const ENTRY = 'entry';

/** What is wrong with a row that no value of a column can say, for people; NULL where nothing is. */
export const FAULT = 'fault';

/** A section as a table of the source: its fields, between which one a row is and what is wrong with it. */
export function tableOf({ name, fields }: Section, rows: number): Table {
  return {
    name,
    columns: [
      { name: ENTRY, sourceType: 'a number', kind: 'integer', type: 'bigint', nullable: false },
      ...fields.map((field): Table['columns'][number] =>
        field.holds === 'boolean'
          ? { name: field.name, sourceType: 'true or false', kind: 'boolean', type: 'boolean', nullable: true }
          : { name: field.name, sourceType: 'text', kind: 'text', type: 'text', nullable: true },
      ),
      { name: FAULT, sourceType: 'text', kind: 'text', type: 'text', nullable: true },
    ],
    primaryKey: [ENTRY],
    uniques: [],
    foreignKeys: [],
    estimatedRows: rows,
  };
}
