import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { FileKind } from '../../src/batch/types.ts';
import { CrossCheck } from '../../src/files/cross-check.ts';
import { CrossState } from '../../src/files/cross-state.ts';
import { FindingList } from '../../src/files/findings.ts';
import { ScanKernel } from '../../src/files/scan-kernel.ts';
import { CsvScanner } from '../../src/files/scanner.ts';
import { runs } from '../helpers/runs.ts';
import { checkText } from './check-text.ts';
import { kernelBlock } from './kernel-block.ts';

const COLUMNS = {
  customer: { key: 'K' },
  invoice: { key: 'K', customer: 'C', amount: 'A' },
  items: { invoice: 'K', amount: 'A' },
};

/** All that the first pass over these files finds out, in blocks of `size` bytes. */
function crossCheck(
  files: readonly (readonly [FileKind, string])[],
  size: number,
  copy: (bytes: Uint8Array) => Uint8Array,
): unknown {
  const state = new CrossState(COLUMNS, new Set(['customer', 'invoice', 'items']));
  const lists = files.map(([kind, text], i) => {
    const list = new FindingList();
    const file = { path: `/${i}.csv`, kind };
    const cross = new CrossCheck(state, file, list);
    const scanner = new CsvScanner(list, {
      header: (names, line) => {
        const columns = [...new Set(cross.header(names, line))].sort((a, b) => a - b);
        cross.select(columns);
        return columns;
      },
      record: (line, whole, bytes, bounds) => {
        if (whole) cross.record(line, bytes, bounds);
        return undefined;
      },
      batch: (records) => cross.batch(records),
    });
    const content = Buffer.from(text);
    for (let at = 0; at < content.length; at += size) {
      const block = copy(content.subarray(at, at + size));
      scanner.write(block);
      block.fill(0x2c);
    }
    scanner.end();
    cross.end();
    return { file, list, total: cross.total, records: scanner.records };
  });
  state.billed.addReferred(state.customers);
  state.invoices.findRepeats();
  state.wantNear();
  for (const { file, list } of lists) state.reportNear(file, list);
  const keys = ['customers', 'invoices'] as const;
  return {
    billed: state.billed.count,
    files: lists.map(({ list, total, records }) => ({ total, records, ...list.report(records) })),
    keys: keys.map((kind) => {
      const { table, flags, hasLookalikes } = state[kind];
      const all = Array.from({ length: table.size }, (_, key) => [
        table.low(key),
        table.high(key),
        flags.get(key),
        kind === 'invoices' ? String(state.balances.fine(key)) : '',
      ]);
      return { all, hasLookalikes };
    }),
  };
}

const key = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 30 }).map((n) => `K${n}`) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 30 }).map((n) => String(n).padStart(10, '0')) },
  {
    weight: 2,
    arbitrary: fc.string({ unit: fc.constantFrom('0', '1', 'a', 'A', 'b', 'z', '-', '.'), maxLength: 21 }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '0',
      '00',
      '000',
      '"K1"',
      '"K""1"',
      '"K,1"',
      ' K1',
      'K1 ',
      ' 0001',
      'é',
      'E\u0301',
      'K\u00a01',
      'ÜBER',
      'über',
      '\u007f',
      '\t1',
      '+1',
      '=1',
    ),
  },
);
const amount = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -9999, max: 999_999 }).map((cents) => (cents / 100).toFixed(2)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', '-', '+'),
        fc.string({ unit: fc.constantFrom('0', '1', '9'), maxLength: 13 }),
        fc.constantFrom('', '.', '.5', '.123', '.1234', '.12345', '.0000', '..1'),
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '"1.00"',
      '1,5',
      '"1,234.50"',
      'x',
      '1E+5',
      ' 1',
      '(5.00)',
      '-',
      '.',
      '-.',
      '.-1',
      '1-',
      '-0',
      '-0.00',
      '5/2',
      '1:2',
      '99999999999',
      '999999999999',
      '-99999999999.9',
      '9999999.9999',
    ),
  },
);
const table = fc.array(fc.tuple(key, key, amount, fc.constantFrom('\n', '\n', '\r\n')), {
  maxLength: 60,
  size: 'max',
});
const text = (rows: readonly (readonly string[])[]): string =>
  `K,C,A\nK1,K1,1.00\n${rows.map(([k, c, a, eol]) => `${k},${c},${a}${eol}`).join('')}`;

describe('records passed by the kernel', () => {
  it('give the checks across files the same keys, sums and findings', () => {
    const readAmounts = vi.spyOn(ScanKernel.prototype, 'readAmounts');
    fc.assert(
      fc.property(
        table,
        table,
        table,
        fc.integer({ min: 100, max: 9000 }),
        (customers, invoices, items, size) => {
          const files = (['customer', 'invoice', 'items'] as const).map(
            (kind, i) => [kind, text([customers, invoices, items][i] ?? [])] as const,
          );
          const alone = crossCheck(files, size, (bytes) => Uint8Array.from(bytes));
          expect(crossCheck(files, size, kernelBlock)).toEqual(alone);
        },
      ),
      { numRuns: runs(250, 600) },
    );
    expect(readAmounts.mock.calls.length).toBeGreaterThan(1000);
    readAmounts.mockRestore();
  });

  it('show lost zeros after the sample', () => {
    const row = (n: number): string => `${String(n).padStart(6, '0')},x,"a"\n`;
    const rows = Array.from({ length: 4000 }, (_, n) => row(n)).join('');
    // `checkText` compares both ways.
    expect(checkText(`id,b,c\n${rows}"3999",x,b\n77,x,a\n${rows}`).found).toEqual(['leading-zeros@4002:1']);
  });
});
