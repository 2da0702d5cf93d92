import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FindingList } from '../../src/files/findings.ts';
import { CsvScanner } from '../../src/files/scanner.ts';
import { runs } from '../helpers/runs.ts';
import { CODE_POINT } from '../helpers/unicode.ts';
import { checkText } from './check-text.ts';

/** A value with everything that CSV has to quote, and characters of one to four bytes. */
const value = fc
  .array(
    fc.constantFrom('a', 'B', '7', ' ', ',', '"', '\n', '\r', '\r\n', ';', 'é', '€', '😀', '東', '-', '\t'),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''));

/** A name has a letter; alone it contains nothing that another delimiter would separate. */
const name = value.filter((text) => /\p{L}/u.test(text));
const onlyName = fc.constantFrom('a', 'aB', 'a b', 'é', '東-a');

interface Table {
  readonly header: string[];
  readonly rows: string[][];
}

const table: fc.Arbitrary<Table> = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.record({
      header: fc.uniqueArray(width === 1 ? onlyName : name, {
        minLength: width,
        maxLength: width,
        selector: (text) => text.trim(),
      }),
      rows: fc.array(fc.array(value, { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 12,
      }),
    }),
  )
  .filter(({ header, rows }) => !rows.some((row) => String(row) === String(header)));

/** Any legal way to write a table. */
const writing = fc.record({
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  lastEol: fc.boolean(),
  blankEnd: fc.nat({ max: 3 }),
  quoteAlso: fc.infiniteStream(fc.boolean()),
});

type Writing = typeof writing extends fc.Arbitrary<infer T> ? T : never;

function write({ header, rows }: Table, { eol, bom, lastEol, blankEnd, quoteAlso }: Writing): string {
  const field = (text: string, alone: boolean) => {
    const must = /[",\r\n]/.test(text) || (alone && text === '');
    const also = quoteAlso.next().value === true;
    return must || also ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [header, ...rows].map((row) => row.map((text) => field(text, row.length === 1)).join(','));
  const end = lastEol || blankEnd > 0 ? eol.repeat(1 + blankEnd) : '';
  return (bom ? '\ufeff' : '') + lines.join(eol) + end;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 });

describe('CsvScanner, for any legal CSV,', () => {
  it('reads the header and counts the records without an error', () => {
    fc.assert(
      fc.property(table, writing, sizes, (data, how, pieces) => {
        const got = checkText(write(data, how), pieces);
        expect(got.findings.filter((f) => f.severity === 'error')).toEqual([]);
        expect(got.header).toEqual(data.header);
        expect(got.records).toBe(data.rows.length);
      }),
      { numRuns: runs(200, 1000) },
    );
  });

  it('counts as many records as csv-parse', () => {
    fc.assert(
      fc.property(table, writing, sizes, (data, how, pieces) => {
        const text = write(data, how);
        const records: string[][] = parse(text, {
          bom: true,
          skip_empty_lines: true,
          record_delimiter: how.eol,
        });
        const got = checkText(text, pieces);
        expect(got.records).toBe(records.length - 1);
        expect(got.header).toEqual(records[0]);
      }),
      { numRuns: runs(100, 500) },
    );
  });
});

describe('ContentCheck, for any bytes,', () => {
  const bytes = fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...Buffer.from('ab,,"""\n\n\r\r;é€\0')) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
      ),
      { maxLength: 80 },
    )
    .map((list) => Uint8Array.from(list));

  it('finds the same structure in blocks of any size', () => {
    const scan = (content: Uint8Array, size: number) => {
      const findings = new FindingList();
      const scanner = new CsvScanner(findings);
      scanner.write(content.subarray(0, 3));
      for (let i = 3; i < content.length; i += size) scanner.write(content.subarray(i, i + size));
      scanner.end();
      const { header, records, position } = scanner;
      return { header, records, position, ...findings.report(records) };
    };
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (content, size) => {
        expect(scan(content, size)).toEqual(scan(content, content.length + 1));
      }),
      { numRuns: runs(200, 1000) },
    );
  });

  // Long enough that a few NULs do not make it look like UTF-16, which is recognised by the first block.
  const start = Buffer.from(`${'k'.repeat(300)},b\n`);

  it('finds invalid UTF-8 in the same place in blocks of any size', () => {
    fc.assert(
      fc.property(bytes, sizes, (content, pieces) => {
        const file = Buffer.concat([start, content]);
        const { records, found, total } = checkText(file);
        expect(checkText(file, pieces)).toMatchObject({ records, found, total });
      }),
      { numRuns: runs(200, 1000), examples: [[Uint8Array.from([13, 13, 194, 97]), [1]]] },
    );
  });

  it('agrees with a strict decoder on valid UTF-8', () => {
    const text = fc.oneof(
      bytes,
      fc.string({ unit: CODE_POINT }).map((s) => Buffer.from(s, 'utf8')),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (content, size) => {
        const file = Buffer.concat([start, content]);
        let valid = true;
        try {
          new TextDecoder('utf-8', { fatal: true }).decode(file);
        } catch {
          valid = false;
        }
        expect(checkText(file, [size]).findings.some((f) => f.code === 'not-utf8')).toBe(!valid);
      }),
      { numRuns: runs(200, 1000) },
    );
  });
});
