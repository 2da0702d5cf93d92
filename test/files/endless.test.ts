import { describe, expect, it } from 'vitest';
import { ContentCheck } from '../../src/files/content-check.ts';
import { CrossCheck } from '../../src/files/cross-check.ts';
import { CrossState } from '../../src/files/cross-state.ts';
import { FindingList } from '../../src/files/findings.ts';
import { heldMemory } from '../helpers/memory.ts';
import { checkText } from './check-text.ts';

const MIB = 1 << 20;

/** What a file is found to be that begins so, goes on with a block for so many MiB, and ends so; and what it left in memory. */
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
  let most = 0;
  for (let i = 0; i < mebibytes; i++) {
    check.write(filled);
    if (i % 16 === 15) most = Math.max(most, heldMemory() - before);
  }
  check.write(Buffer.from(end));
  check.end();
  const found = list.shown().map(({ code, line, column }) => `${code}@${line ?? '-'}:${column ?? '-'}`);
  return { found, records: check.records, mebibytes: most };
}

/** MiB: three times what is allowed to stay. */
const SIZE = 48;

describe('a file that goes on and on', () => {
  it.each([
    ['in one value of a key', 'a,b\n', 'x', ',2\n3,4\n', ['long-record@2:-'], 2],
    ['in one amount', 'a,b\n1,', '9', '\n3,4\n', ['long-record@2:-'], 2],
    ['in one quoted value, over lines', 'a,b\n"', 'x\n', '",2\n3,4\n', ['long-record@2:-'], 2],
    ['behind a quote never closed', 'a,b\n1,"', '""', '', ['open-quote@2:2'], 1],
    ['in commas', 'a,b\n1', ',', '\n3,4\n', ['ragged@2:-'], 2],
    ['in its header', 'a,b', 'x', '\n1,2\n', ['long-header@1:-'], 1],
    ['in commas of its header', 'a,b', ',', '\n1,2\n', ['long-header@1:-', 'ragged@2:-'], 1],
    ['in blank lines', 'a,b\n1,2\n', '\n', '3,4\n', ['blank-line@3:-'], 2],
    ['in NULs', 'a,b\n1,2', '\0', '\n3,4\n', ['nul@2:2', 'long-record@2:-'], 2],
    ['in lone quotes', 'a,b\n1,x', '"', '\n3,4\n', ['bad-quote@2:2', 'long-record@2:-'], 2],
  ])(
    '%s is told of, and leaves nothing in memory',
    (_what, start, block, end, codes, records) => {
      const { found, records: counted, mebibytes } = endless(start, block, SIZE, end);
      expect([...found].sort()).toEqual([...codes].sort());
      expect(counted).toBe(records);
      expect(mebibytes).toBeLessThan(16);
    },
    60_000,
  );

  it('may have records of a megabyte', () => {
    const value = 'x'.repeat(MIB - 10);
    expect(checkText(`a,b\n1,${value}\n2,3\n`, [MIB]).found).toEqual([]);
  });
});

describe('a million columns', () => {
  it('are looked at in part alone', () => {
    const width = 150_000;
    const names = Array.from({ length: width }, (_, i) => `c${i}`).join(',');
    const record = `${'1.2E+11,'.repeat(width - 1)}1`;
    const { records, found, total } = checkText(`${names}\n${record}\n${record}\n`, [MIB]);
    expect(records).toBe(2);
    expect(found.length).toBeLessThanOrEqual(10);
    expect(total).toBeLessThanOrEqual(1000);
  });

  it('of nothing, or all of one name, are ten findings and a count', () => {
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
