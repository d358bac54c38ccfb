import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { UsageError } from '../../src/migrate/errors.js';
import { parseColumnMapping } from '../../src/transfer/csv/column-mapping.js';
import { fitColumns } from '../../src/transfer/csv/fit-columns.js';
import { neutralise, restore } from '../../src/transfer/csv/formula.js';
import { openCsvSource } from '../../src/transfer/csv/source.js';
import { TransferError } from '../../src/transfer/errors.js';
import type { Column } from '../../src/transfer/table.js';
import { bytes, readCsv, rowsOf, scratchFolder } from './csv-support.js';

const folder = scratchFolder();
afterAll(folder.remove);

const OUTFILE = { escape: '\\' };

/** Texts rich in what has a meaning in these files. */
const text = fc
  .array(fc.oneof(fc.constantFrom(...Array.from('"\'\\,;\t\r\n=+-@N0 é\u{1F600}')), fc.string({ unit: 'binary' })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
  // Lone surrogates are no UTF-8.
  .filter((each) => each.isWellFormed());
const table = fc
  .integer({ min: 1, max: 4 })
  .chain((width) =>
    fc.array(fc.array(fc.option(text), { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
  );

function asBytes(rows: (string | null)[][]): (string | null)[][] {
  return rows.map((row) => row.map((value) => (value === null ? null : bytes(value))));
}

function column(name: string, type = 'text'): Column {
  return { name, sourceType: type, type, kind: type === 'bytea' ? 'bytes' : 'text', nullable: true };
}

describe('CSV as PostgreSQL writes it', () => {
  const csvLine = (row: (string | null)[]): string =>
    row.map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)).join(',');

  test('any rows come back', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), fc.boolean(), async (rows, end, mark) => {
        const header = rows[0]!.map((_, index) => `c${index}`).join(',');
        const file = [header, ...rows.map(csvLine)].map((line) => line + end).join('');
        const read = await readCsv(folder.path, `${mark ? '\uFEFF' : ''}${file}`);
        expect(read.rows).toEqual(asBytes(rows));
        expect(read.columns[0]).toBe('c0');
      }),
      { numRuns: 100 },
    );
  });

  test('an empty field is NULL, an empty text is none, and a single column may be NULL', async () => {
    expect((await readCsv(folder.path, 'a,b\n,""\n')).rows).toEqual([[null, '']]);
    expect((await readCsv(folder.path, 'a\n\nx\n\n')).rows).toEqual([[null], ['x'], [null]]);
    expect((await readCsv(folder.path, 'a,b\nNULL,""\n"NULL",', { nullText: 'NULL' })).rows).toEqual([
      [null, ''],
      ['NULL', ''],
    ]);
  });

  test('bytes that are no UTF-8 arrive as they are', async () => {
    const file = Buffer.concat([Buffer.from('a,b\n'), Buffer.from([0xff, 0x2c, 0x22, 0xc3, 0x0a, 0x22])]);
    expect((await readCsv(folder.path, file)).rows).toEqual([['\xff', '\xc3\n']]);
  });

  test('other encodings become UTF-8', async () => {
    const { rows } = await readCsv(folder.path, Buffer.from([0x61, 0x0a, 0x80]), { encoding: 'windows-1252' });
    expect(rows).toEqual([[bytes('€')]]);
    const { rows: wide } = await readCsv(folder.path, Buffer.from('\uFEFFa,b\né,\n', 'utf16le'), {
      encoding: 'utf-16le',
    });
    expect(wide).toEqual([[bytes('é'), null]]);
    await expect(readCsv(folder.path, 'a\n1', { encoding: 'klingon' })).rejects.toThrow(UsageError);
  });

  test.each([
    ['a,b\n1,2\n3\n', 3, '1 fields'],
    ['a,b\n1,2\n3,4,5\n', 3, '3 fields'],
    ['a,b\n1,"2\n3,4\n', 2, 'not closed'],
    ['a,b\n1,"2"x\n', 2, 'closing quote'],
    ['a,b\n1,2"x"\n', 2, 'quote within'],
  ])('%j is refused', async (file, line, what) => {
    const reading = readCsv(folder.path, file);
    await expect(reading).rejects.toThrow(TransferError);
    await expect(reading).rejects.toThrow(what);
    await expect(reading).rejects.toThrow(new RegExp(`things.csv, line ${line}|line \\d+: a quote that`));
  });

  test('messages do not show what is in rows', async () => {
    await expect(readCsv(folder.path, 'a,b\n1,secret"x"\n')).rejects.toThrow(/^(?!.*secret)/s);
    await expect(readCsv(folder.path, 'a,b\n1,2\nsecret\n')).rejects.toThrow(/^(?!.*secret)/s);
  });

  test('rows come in batches', async () => {
    const path = join(folder.path, 'many.csv');
    writeFileSync(path, `n\n${Array.from({ length: 100_000 }, (_, n) => `${n}\n`).join('')}`);
    const source = await openCsvSource([path]);
    const sizes: number[] = [];
    for await (const batch of source.rows(source.tables[0]!)) {
      sizes.push(batch.length);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100_000);
  });
});

describe('files with escapes, as MySQL writes them', () => {
  const escaped = (value: string, special: string): string =>
    Array.from(value, (each) => (each === '\0' ? '\\0' : special.includes(each) ? `\\${each}` : each)).join('');

  test('any rows come back, plain or in quotes', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), fc.constantFrom('\n', '\r\n'), async (rows, quotes, end) => {
        // How the first line and the file end tells how all lines do.
        fc.pre(end !== '\n' || ![rows[0], rows.at(-1)].some((row) => row?.at(-1)?.endsWith('\r')));
        const quote = quotes ? '"' : '';
        const special = `\\\t${end[0]}${quote}`;
        const line = (row: (string | null)[]): string =>
          row.map((value) => (value === null ? '\\N' : `${quote}${escaped(value, special)}${quote}`)).join('\t');
        const file = rows.map((row) => line(row) + end).join('');
        expect((await readCsv(folder.path, file, { ...OUTFILE, quote })).rows).toEqual(asBytes(rows));
      }),
      { numRuns: 100 },
    );
  });

  test('letters after a backslash are what they stand for; N is NULL where it is all', async () => {
    const { rows } = await readCsv(folder.path, '\\N\tN\t\\Nx\tx\\N\t\\n\\t\\r\\b\\Z\\0\\\\\t\n', OUTFILE);
    expect(rows).toEqual([[null, 'N', 'Nx', 'xN', '\n\t\r\b\x1a\0\\', '']]);
  });

  test('lines of Windows end with a return, in each line or in none', async () => {
    expect((await readCsv(folder.path, '1\ta\r\n2\tb\r\n', OUTFILE)).rows).toEqual([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    await expect(readCsv(folder.path, '1\ta\r\n2\tb\n', OUTFILE)).rejects.toThrow('line 1');
  });

  test.each(['1\t2\n3\n', '"1\t2\n', '"1"x\t2\n', '1\t2\\'])('%j is refused', async (file) => {
    await expect(readCsv(folder.path, file, { ...OUTFILE, quote: '"' })).rejects.toThrow(/things\.csv, line \d/);
  });
});

describe('columns', () => {
  test('a mapping renames and leaves out', async () => {
    const columns = parseColumnMapping('mail=email,notes=');
    expect(await readCsv(folder.path, 'id,mail,notes\n1,a@b,x\n', { columns })).toEqual({
      columns: ['id', 'email'],
      rows: [['1', 'a@b']],
    });
    await expect(readCsv(folder.path, 'id\n1\n', { columns })).rejects.toThrow('no column mail');
    await expect(
      readCsv(folder.path, 'email,mail\n1,2\n', { columns: [{ from: 'mail', to: 'email' }] }),
    ).rejects.toThrow('twice');
  });

  test('the reasons of rejected rows are left out', async () => {
    expect(await readCsv(folder.path, 'id,name,_reasons\n1,x,"orphans: name"\n')).toEqual({
      columns: ['id', 'name'],
      rows: [['1', 'x']],
    });
  });

  test('without a header they are named in order, or stand for all of the table', async () => {
    expect(await readCsv(folder.path, '1,x\n', { header: false, columns: parseColumnMapping('id,name') })).toEqual({
      columns: ['id', 'name'],
      rows: [['1', 'x']],
    });
    const path = join(folder.path, 'unnamed.csv');
    writeFileSync(path, '1,\\x41ff\n');
    const [unnamed] = (await openCsvSource([path], { header: false })).tables;
    expect(fitColumns(unnamed!, [column('id'), column('name')]).columns.map(({ name }) => name)).toEqual([
      'id',
      'name',
    ]);
    expect(() => fitColumns(unnamed!, [column('id')])).toThrow(UsageError);
  });

  test('fitted columns have the types of the table; unknown ones are refused', async () => {
    const path = join(folder.path, 'files.csv');
    writeFileSync(path, 'data,id\n\\x41ff,1\nraw,2\n');
    const source = await openCsvSource([path]);
    const fitted = fitColumns(source.tables[0]!, [column('id'), column('data', 'bytea')]);
    const batches = [];
    for await (const batch of source.rows(fitted)) {
      batches.push(...batch);
    }
    expect(fitted.columns.map(({ type }) => type)).toEqual(['bytea', 'text']);
    expect(batches.map(([data]) => data)).toEqual([Buffer.from([0x41, 0xff]), Buffer.from('raw')]);
    expect(() => fitColumns(source.tables[0]!, [column('id')])).toThrow('data');
  });

  test('files and tables are named in several ways', async () => {
    writeFileSync(join(folder.path, 'a=b.csv'), 'x\n1\n');
    writeFileSync(join(folder.path, 'x.csv'), 'x\n1\n');
    const named = await openCsvSource([`players=${join(folder.path, 'x.csv')}`, join(folder.path, 'a=b.csv')]);
    expect(named.tables.map(({ name }) => name)).toEqual(['players', 'a=b']);
    expect(await rowsOf(named, 'players')).toEqual([['1']]);
    await expect(openCsvSource([join(folder.path, 'gone.csv')])).rejects.toThrow(UsageError);
  });
});

describe('formulas', () => {
  test('no text begins like one, and any text comes back', () => {
    fc.assert(
      fc.property(text, (value) => {
        const safe = neutralise(value);
        expect(safe).not.toMatch(/^[=+\-@\t\r]/);
        expect(restore(Buffer.from(safe)).toString()).toBe(value);
      }),
      { numRuns: 1000, examples: [['=1'], ["'=1"], ["''@"], ["'x"], ["'"], ['']] },
    );
  });
});
