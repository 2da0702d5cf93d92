import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentCheck } from '../../src/files/content-check.ts';
import { CrossCheck } from '../../src/files/cross-check.ts';
import { CrossState } from '../../src/files/cross-state.ts';
import { FindingList } from '../../src/files/findings.ts';
import { checkText } from './check-text.ts';

const rows = (count: number, row: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `${row(i)}\n`).join('');
const padded = (i: number): string => String(i + 1).padStart(6, '0');

describe('SpreadsheetDamage', () => {
  it('finds an id with an exponent among digits', () => {
    const got = checkText(`Id,Name\n${rows(5, (i) => `12345678901${i},x`)}1.23E+11,x\n1E+11,y\n`);
    expect(got.found).toEqual(['exponent@7:1']);
    expect(got.findings[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('2 values'),
    });
  });

  it('finds an exponent in the first record', () => {
    expect(checkText('Id,Name\n1.2E+11,x\n1.3E+11,x\n123456789012,x\n').found).toEqual(['exponent@2:1']);
  });

  it('ignores exponents in columns of other values, and text with E+', () => {
    expect(checkText(`Factor,Name\n${rows(5, (i) => `${i}.5,x`)}1.23E+11,x\n`).found).toEqual([]);
    expect(checkText('Id,Name\n1,HE+SHE\n2,3E+f\n3,x\n').found).toEqual([]);
  });

  it('finds exponents in a key column, whatever else it contains', () => {
    const list = new FindingList();
    const state = new CrossState({ customer: { key: 'Id' } }, new Set(['customer']));
    const check = new ContentCheck(list, new CrossCheck(state, { path: '/x', kind: 'customer' }, list));
    check.write(Buffer.from('Id,Name\nA-1,x\n1.2E+15,y\n'));
    check.end();
    expect(list.report(null).findings.map((f) => f.code)).toEqual(['exponent']);
  });

  it('finds exponents after the sample', () => {
    const got = checkText(`Id,N\n${rows(3000, (i) => `12345678901${i},x`)}1.23E+11,x\n`, [100]);
    expect(got.found).toEqual(['exponent@3002:1']);
  });

  it('finds lost leading zeros in the sample and after it', () => {
    expect(checkText(`Id,N\n${rows(20, (i) => `${padded(i)},1`)}21,1\n`).found).toEqual(['lost-zeros@22:1']);
    const late = checkText(`N,Id\n${rows(5000, (i) => `1,"${padded(i)}"`)}1,21\n1,22\n`, [64]);
    expect(late.found).toEqual(['lost-zeros@5002:2']);
    expect(late.findings[0]?.message).toContain('2 values of column 2 ("Id") shorter than the 6 digits');
  });

  it('ignores short values that are many, of different widths, or 0', () => {
    expect(checkText(`Id,N\n${rows(20, (i) => `${i % 2 ? padded(i) : '12'},1`)}`).found).toEqual([]);
    expect(checkText(`Id,N\n${rows(20, (i) => `${i % 2 ? '001' : '0001'},1`)}21,1\n`).found).toEqual([]);
    expect(checkText(`Id,N\n${rows(20, (i) => `${padded(i)},1`)}0,1\n`).found).toEqual([]);
  });

  it('finds empty columns at the end', () => {
    expect(checkText('a,b,c\n1,,\n2,,\n').found).toEqual(['empty-column@-:2']);
    expect(checkText('a,b,c\n1,,\n2,,""\n').found).toEqual([]);
    expect(checkText('a,b\n1,\n').found).toEqual([]);
    expect(checkText(`a,b,c\n${rows(3000, () => '1,2,')}`).findings[0]?.message).toBe(
      'column 3 ("c"), the last one, is empty in every record',
    );
  });

  it('finds empty records', () => {
    const got = checkText('a,b,c\n1,2,3\n,,\n,,\n');
    expect(got.found).toEqual(['empty-record@3:-']);
    expect(got.records).toBe(3);
    expect(got.findings[0]?.message).toBe('2 records have no values, the first one here');
  });

  it('finds the same in blocks of any size', () => {
    const part = fc.constantFrom(
      '001,',
      '12,',
      '1E+5',
      ',',
      '\n',
      ',,\n',
      '\r\n',
      '"a"',
      'x',
      '1.5E+10,',
      '003\n',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (parts, size) => {
        const text = `a,b,c\n${parts.join('')}`.padEnd(20, 'x');
        // The first block must be large enough to recognise files that are not text.
        const { found, total } = checkText(text);
        expect(checkText(text, [12, size])).toMatchObject({ found, total });
      }),
      { numRuns: 1000 },
    );
  });
});
