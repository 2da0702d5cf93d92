import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FieldSink, readValue, valueText } from '../../src/files/field-values.ts';
import { FindingList } from '../../src/files/findings.ts';
import { CsvScanner } from '../../src/files/scanner.ts';
import { runs } from '../helpers/runs.ts';

const value = fc
  .array(
    fc.constantFrom(
      'a',
      'B',
      '7',
      '0',
      '+',
      'E',
      ' ',
      ',',
      '"',
      '\n',
      '\r',
      '\r\n',
      ';',
      'é',
      '€',
      '😀',
      '-',
      '\t',
    ),
    { maxLength: 7 },
  )
  .map((parts) => parts.join(''));

const tables = fc.integer({ min: 1, max: 6 }).chain((width) =>
  fc.record({
    width: fc.constant(width),
    rows: fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
    selected: fc.subarray(Array.from({ length: width }, (_, i) => i + 1)),
    eol: fc.constantFrom('\n', '\r\n', '\r'),
    lastEol: fc.boolean(),
    bom: fc.boolean(),
    quoteAlso: fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
    size: fc.integer({ min: 1, max: 40 }),
  }),
);

/** Reads the selected columns of each whole record, in blocks of `size` bytes that are overwritten afterwards. */
function read(text: string, selected: readonly number[], size: number): string[][] {
  const found: string[][] = [];
  const at = { bytes: new Uint8Array(0), from: 0, to: 0 };
  const sink: FieldSink = {
    header: () => selected,
    record: (_line, whole, bytes, bounds) => {
      expect(bounds.length).toBe(2 * selected.length);
      if (!whole) return undefined;
      found.push(
        selected.map((_, i) => {
          readValue(at, bytes, bounds[2 * i] ?? 0, bounds[2 * i + 1] ?? 0);
          return valueText(at);
        }),
      );
      return undefined;
    },
  };
  const scanner = new CsvScanner(new FindingList(), sink);
  const bytes = Buffer.from(text, 'utf8');
  for (let i = 0, end = 0; i < bytes.length; i = end) {
    end = i + Math.max(i === 0 ? 3 : 1, size);
    const block = Uint8Array.from(bytes.subarray(i, end));
    scanner.write(block);
    block.fill(0x2c);
  }
  scanner.end();
  return found;
}

describe('the values of selected columns', () => {
  it('are read as written, for any quoting, line ends, block size and selection', () => {
    fc.assert(
      fc.property(tables, ({ width, rows, selected, eol, lastEol, bom, quoteAlso, size }) => {
        let n = 0;
        const field = (text: string): string => {
          const must = /[",\r\n]/.test(text) || (width === 1 && text === '');
          return must || quoteAlso[n++ % quoteAlso.length] ? `"${text.replaceAll('"', '""')}"` : text;
        };
        const header = Array.from({ length: width }, (_, i) => `c${i + 1}`);
        const lines = [header.join(','), ...rows.map((row) => row.map(field).join(','))];
        const text = (bom ? '\ufeff' : '') + lines.join(eol) + (lastEol ? eol : '');
        const expected = selected.length === 0 ? [] : rows.map((row) => selected.map((c) => row[c - 1]));
        expect(read(text, selected, size)).toEqual(expected);
      }),
      { numRuns: runs(400, 2000) },
    );
  });

  it('are skipped in ragged records', () => {
    expect(read('a,b,c\n1,2,3\n4,5\n6,7,8,9\n\n10,11,12\n', [1, 3], 3)).toEqual([
      ['1', '3'],
      ['10', '12'],
    ]);
  });
});
