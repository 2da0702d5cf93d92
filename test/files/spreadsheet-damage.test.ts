import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentCheck } from '../../src/files/content-check.ts';
import { CrossCheck } from '../../src/files/cross-check.ts';
import { CrossState } from '../../src/files/cross-state.ts';
import { FindingList } from '../../src/files/findings.ts';
import { runs } from '../helpers/runs.ts';
import { checkText } from './check-text.ts';

const rows = (count: number, row: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `${row(i)}\n`).join('');
/** Severity and code of what is found when the first column is declared as a key. */
function inKey(text: string): string[] {
  const list = new FindingList();
  const [name = ''] = text.split(',');
  const state = new CrossState({ customer: { key: name } }, new Set(['customer']));
  const check = new ContentCheck(list, new CrossCheck(state, { path: '/x', kind: 'customer' }, list));
  check.write(Buffer.from(text));
  check.end();
  return list.report(null).findings.map(({ severity, code }) => `${severity} ${code}`);
}

const padded = (i: number): string => String(i + 1).padStart(6, '0');

describe('SpreadsheetDamage', () => {
  it('finds an id with an exponent among digits', () => {
    const got = checkText(`Id,Name\n${rows(5, (i) => `12345678901${i},x`)}1.23E+11,x\n1E+11,y\n`);
    expect(got.found).toEqual(['exponent@7:1']);
    expect(got.findings[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining(
        '2 values of column 1 ("Id") are written with an exponent, so that digits are lost: "1.23E+11", the first one here',
      ),
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
    expect(inKey('Id,Name\nA-1,x\n1.2E+15,y\n')).toEqual(['error exponent']);
    expect(inKey('Id,Name\nA-1,x\nX1E+15,y\n1E+5A,z\n')).toEqual([]);
  });

  it('finds exponents after the sample', () => {
    const got = checkText(`Id,N\n${rows(3000, (i) => `12345678901${i},x`)}1.23E+11,x\n`, [100]);
    expect(got.found).toEqual(['exponent@3002:1']);
  });

  it('finds lost leading zeros in the sample and after it', () => {
    expect(checkText(`Id,N\n${rows(20, (i) => `${padded(i)},1`)}7,1\n`).found).toEqual([
      'leading-zeros@22:1',
    ]);
    const late = checkText(`N,Id\n${rows(5000, (i) => `1,"${padded(i)}"`)}1,21\n1,7\n`, [64]);
    expect(late.found).toEqual(['leading-zeros@5002:2']);
    expect(late.findings[0]?.message).toContain('2 values of column 2 ("Id") are shorter than the 6 digits');
    expect(late.findings[0]?.message).toContain('(21 also occurs as 000021)');
  });

  it('ignores short values that are many, of different widths, or 0', () => {
    expect(checkText(`Id,N\n${rows(20, (i) => `${i % 2 ? padded(i) : '12'},1`)}`).found).toEqual([]);
    expect(checkText(`Id,N\n${rows(20, (i) => `${i % 2 ? '001' : '0001'},1`)}21,1\n`).found).toEqual([]);
    expect(checkText(`Id,N\n${rows(20, (i) => `${padded(i)},1`)}0,1\n`).found).toEqual([]);
  });

  it.each([
    ['German and Austrian postal codes', (i: number) => (i % 6 ? `0${1067 + i}` : `${8010 + i}`)],
    ['EAN-13 and EAN-8', (i: number) => (i % 6 ? `00123456${78900 + i}` : `${96385074 + i}`)],
    ['months', (i: number) => String((i % 12) + 1).padStart(2, '0')],
    ['codes of two systems', (i: number) => (i % 5 ? String(i).padStart(8, '0') : String(70_000 + i))],
    ['numbers without padding', (i: number) => String(i + 1)],
  ])('takes %s for what they are, but not in a key', (_, value) => {
    const text = `Code,N\n${rows(60, (i) => `${value(i)},x`)}`;
    expect(checkText(text).found).toEqual([]);
    const isShort = new Set(Array.from({ length: 60 }, (__, i) => value(i).length)).size > 1;
    const padded = value(1).startsWith('0') && isShort;
    expect(inKey(text)).toEqual(padded ? ['error leading-zeros'] : []);
  });

  it('finds the value with and without zeros in any order, also after the sample', () => {
    for (const count of [40, 3000]) {
      const late = checkText(`Id,N\n7,x\n${rows(count, (i) => `${padded(i)},1`)}`);
      expect(late.found).toEqual(['leading-zeros@2:1']);
      const early = checkText(`Id,N\n${rows(count, (i) => `${padded(i)},1`)}2,x\n999,x\n`);
      expect(early.found).toEqual(
        [`leading-zeros@${count + 2}:1`].filter(() => count === 40 || early.found.length > 0),
      );
    }
  });

  it('finds empty columns at the end', () => {
    expect(checkText('a,b,c\n1,,\n2,,\n').found).toEqual(['empty-column@-:2']);
    // Optional columns of the published layouts may be empty, but no required one.
    expect(checkText('Invoice Number,Note,Price Code1\n1,,\n2,,\n').found).toEqual([]);
    expect(checkText('Invoice Number,Note,b\n1,,\n2,,\n').found).toEqual(['empty-column@-:2']);
    expect(checkText('Invoice Number,Note,Amount\n1,,\n2,,\n').found).toEqual(['empty-column@-:2']);
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
      { numRuns: runs(200, 1000) },
    );
  });
});

describe('damaged values', () => {
  const DAMAGED = [
    ['an exponent in quotes', '"1.23E+11"', 'exponent', '1.23E+11'],
    ['an exponent', '1.23E+11', 'exponent', '1.23E+11'],
    ['#N/A', '#N/A', 'error-value', '#N/A'],
    ['#REF! in quotes', '"#REF!"', 'error-value', '#REF!'],
    ['a column that is too narrow', '########', 'error-value', '########'],
    ['a formula for text', '="00123"', 'text-formula', '=""00123""'],
    ['a formula for text in quotes', '"=""00123"""', 'text-formula', '=""00123""'],
    ['a lost character', 'M\ufffdller', 'replacement-character', 'M\ufffdller'],
    ['MÃ¼ller', 'M\u00c3\u00bcller', 'mojibake', 'MÃ¼ller'],
    ['GroÃŸ', 'Gro\u00c3\u0178', 'mojibake', 'GroÃŸ'],
    ['Ã„rger', '\u00c3\u201erger', 'mojibake', 'Ã„rger'],
    ['itâ€™s', 'it\u00e2\u20ac\u2122s', 'mojibake', 'itâ€™s'],
    ['12Â°', '12\u00c2\u00b0', 'mojibake', '12Â°'],
  ] as const;

  it.each(DAMAGED)('are a warning with the text of the file: %s', (_, value, code, shown) => {
    for (const before of [3, 2500]) {
      const ids = rows(before, (i) => `${120000000000 + i},x`);
      const got = checkText(`Id,Text\n${ids}${value},y\n${value},z\n`);
      expect(got.found).toEqual([`${code}@${before + 2}:1`]);
      expect(got.findings[0]?.severity).toBe('warning');
      expect(got.findings[0]?.message).toContain('2 values of column 1 ("Id")');
      expect(got.findings[0]?.message).toContain(shown.replaceAll('""', '"'));
    }
  });

  it.each(DAMAGED)('are an error in a declared key: %s', (_, value, code) => {
    expect(inKey(`Id,Text\nA1,x\n${value},y\nB2,z\n`)).toEqual([`error ${code}`]);
    // In another column, they stay a warning.
    const found = inKey(`Id,Text\nA1,120000000000\nA2,${value}\n`);
    expect(found).toEqual([`warning ${code}`]);
  });

  it.each([
    ['a column of only exponents', 'Id,N\n1.23E+11,x\n1.24E+11,y\n', ['exponent@2:1']],
    ['text with # inside, and numbers after it', 'A,B\nApt #4,#12\n#hash,"#tag, x"\n##,# N/A\n', []],
    ['#N/A in a text', 'A,B\nsee #N/A,"#N/A is shown"\n', []],
    ['formulas and quotes in texts', 'A,B\n"x=""1""","a ""=b"""\nx=1,=1\n', []],
    ['text with an exponent', 'A,B\n3E+f,HE+SHE\n1.5E+5,2\n2.5,"+49 30"\n', []],
    ['capitals before a mark', 'A,B\n«IRM\u00c3»,MA\u00c7\u00c3\u00a0X\nS\u00c3O,\u00c2NGELA\n', []],
    ['other letters', 'A,B\nПривет,日本語、テスト\nñandú,Æther £5 ½\n', []],
    ['a euro sign and quotes', 'A,B\n5 €,„x“ – y…\n', []],
  ])('%s', (_, text, found) => {
    expect(checkText(text).found).toEqual(found);
  });

  it('are found in the same places in blocks of any size', () => {
    const part = fc.constantFrom(
      '#N/A',
      '########',
      '#1',
      '="001"',
      '="0,1"',
      '="x',
      '"=""001"""',
      '"#REF!"',
      '"1E+5"',
      '1E+5',
      ',',
      ',',
      '\n',
      '\r\n',
      '\ufffd',
      'M\u00c3\u00bcl',
      '\u00e2\u20ac\u2122',
      '"',
      'é',
      'x',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (parts, size) => {
        const text = `a,b,c\n${parts.join('')}`.padEnd(20, 'x');
        const { found, total } = checkText(text);
        expect(checkText(text, [12, size])).toMatchObject({ found, total });
      }),
      { numRuns: runs(300, 1500) },
    );
  });

  it('one kind put into a legal file gives that finding only', () => {
    const cell = fc.constantFrom('A1', 'x y', '12.50', '"a, b"', 'é', '-3', '2020-08-31', '#5', '+49');
    const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(...DAMAGED),
        fc.nat(),
        fc.nat({ max: 2 }),
        (cells, damage, at, column) => {
          const [, value, code] = damage;
          const text = (all: readonly (readonly string[])[]): string =>
            `id,Text,Value\n${all.map((row) => row.join(',')).join('\n')}\n`;
          expect(checkText(text(cells)).found).toEqual([]);
          // An exponent is damage among numbers.
          if (code === 'exponent') return;
          const row = at % cells.length;
          const damaged = cells.map((one, i) =>
            one.map((field, j) => (i === row && j === column ? value : field)),
          );
          expect(checkText(text(damaged)).found).toEqual([`${code}@${row + 2}:${column + 1}`]);
        },
      ),
    );
  });
});
