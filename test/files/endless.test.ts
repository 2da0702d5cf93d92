import { describe, expect, it } from 'vitest';
import { ContentCheck } from '../../src/files/content-check.ts';
import { CrossCheck } from '../../src/files/cross-check.ts';
import { CrossState } from '../../src/files/cross-state.ts';
import { FindingList } from '../../src/files/findings.ts';
import { heldMemory } from '../helpers/memory.ts';
import { checkText } from './check-text.ts';

const MIB = 1 << 20;

/** Checks a file of `start`, `block` repeated for a number of MiB, and `end`. Returns the findings and the memory held, in MiB. */
function endless(start: string, block: string, mebibytes: number, end: string) {
  const list = new FindingList();
  const columns = { invoice: { key: 'a', amount: 'b' } };
  const cross = new CrossCheck(
    new CrossState(columns, new Set(['invoice'])),
    { path: '/f', kind: 'invoice' },
    list,
  );
  const check = new ContentCheck(list, cross);
  const filled = Buffer.alloc(MIB, block);
  check.write(Buffer.from(start));
  const before = heldMemory();
  for (let i = 0; i < mebibytes; i++) {
    check.write(filled);
  }
  const mebibytesHeld = heldMemory() - before;
  check.write(Buffer.from(end));
  check.end();
  const found = list
    .report(null)
    .findings.map(({ code, line, column }) => `${code}@${line ?? '-'}:${column ?? '-'}`);
  return { found, records: check.records, mebibytes: mebibytesHeld };
}

/** MiB: three times the memory allowed. */
const SIZE = 48;

describe('a very large file', () => {
  type Case = readonly [
    what: string,
    start: string,
    block: string,
    end: string,
    codes: readonly string[],
    records: number,
  ];
  const reported = ([, start, block, end, codes, records]: Case): void => {
    const { found, records: counted, mebibytes } = endless(start, block, SIZE, end);
    expect([...found].sort()).toEqual([...codes].sort());
    expect(counted).toBe(records);
    expect(mebibytes).toBeLessThan(16);
  };

  it.each<Case>([
    ['with one value in a key column', 'a,b\n', 'x', ',2\n3,4\n', ['long-record@2:-'], 2],
    ['with one value in an amount column', 'a,b\n1,', '9', '\n3,4\n', ['amount@2:2'], 2],
    ['with one quoted value of many lines', 'a,b\n"', 'x\n', '",2\n3,4\n', ['long-record@2:-'], 2],
    ['after an open quote', 'a,b\n1,"', '""', '', ['open-quote@2:2'], 1],
    ['of commas', 'a,b\n1', ',', '\n3,4\n', ['ragged@2:-'], 2],
    ['with one column name', 'a,b', 'x', '\n1,2\n', ['long-header@1:-'], 1],
    ['with a header of commas', 'a,b', ',', '\n1,2\n', ['long-header@1:-', 'ragged@2:-'], 1],
  ])('%s is reported with flat memory', (...row) => reported(row), 60_000);

  it.each<Case>([
    ['of blank lines', 'a,b\n1,2\n', '\n', '3,4\n', ['blank-line@3:-'], 2],
    ['of NULs', 'a,b\n1,2', '\0', '\n3,4\n', ['nul@2:2', 'amount@2:2'], 2],
    ['of bad quotes', 'a,b\n1,x', '"', '\n3,4\n', ['bad-quote@2:2', 'amount@2:2'], 2],
  ])('%s is reported with flat memory', { tags: 'slow' }, (...row) => reported(row));

  it.each([
    ['a value of a megabyte', `1,${'x'.repeat(MIB - 10)}`],
    ['a value of five megabytes', `1,${'x'.repeat(5 * MIB)}`],
    ['a quoted value of five megabytes', `1,"${'x,""\n'.repeat(MIB)}"`],
    ['five megabytes of digits', `1,${'7'.repeat(5 * MIB)}`],
  ])('may have %s, in any record and in blocks of any size', (_, record) => {
    for (const before of ['', '1,2\n'.repeat(1500)])
      for (const size of [MIB, 100_000, 10 * MIB])
        expect(checkText(`a,b\n${before}${record}\n2,3\n`, [size])).toMatchObject({ found: [], total: 0 });
  });

  it('may have 25 notes of 100 kB in each record', () => {
    const names = Array.from({ length: 25 }, (_, i) => `Note ${i}`).join(',');
    const notes = Array.from({ length: 25 }, () => 'y'.repeat(100_000)).join(',');
    const { found, records } = checkText(`Account,${names}\n1,${notes}\n2,${notes}\n`, [MIB]);
    expect([found, records]).toEqual([[], 2]);
  });

  it('is only warned of when a key is too long to compare, and no other file suffers from it', () => {
    const list = new FindingList();
    const state = new CrossState({ customer: { key: 'a' } }, new Set(['customer', 'invoice']));
    const cross = new CrossCheck(state, { path: '/f', kind: 'customer' }, list);
    const check = new ContentCheck(list, cross);
    const content = Buffer.from(`a,b\n${'x'.repeat(3 * MIB)},1\n2,3\n`);
    for (let from = 0; from < content.length; from += MIB) check.write(content.subarray(from, from + MIB));
    check.end();
    cross.end();
    expect(list.report(check.records).findings.map(({ severity, code }) => [severity, code])).toEqual([
      ['warning', 'long-record'],
    ]);
    expect(state.checksCustomers).toBe(false);
  });
});

describe('a file with a million columns', () => {
  it('is checked for spreadsheet damage only in part', () => {
    const width = 150_000;
    const names = Array.from({ length: width }, (_, i) => `c${i}`).join(',');
    const record = `${'1.2E+11,'.repeat(width - 1)}1`;
    const { records, found, total } = checkText(`${names}\n${record}\n${record}\n`, [MIB]);
    expect(records).toBe(2);
    expect(found.length).toBeLessThanOrEqual(10);
    expect(total).toBeLessThanOrEqual(1000);
  });

  it('gets ten findings and a count when they are unnamed or repeated', () => {
    const unnamed = checkText(`a${','.repeat(999_999)}\n1\n`, [MIB]);
    expect([unnamed.found.length, unnamed.found[0], unnamed.total]).toEqual([
      10,
      'unnamed-header@1:2',
      1_000_000,
    ]);
    const repeated = checkText(`a${',a'.repeat(499_999)}\n1\n`, [MIB]);
    expect([repeated.found[0], repeated.total]).toEqual(['repeated-header@1:2', 500_000]);
  });
});
