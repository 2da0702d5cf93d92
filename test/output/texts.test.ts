import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FileReport, Finding } from '../../src/files/findings.ts';
import { accountText } from '../../src/output/batch-text.ts';
import { findingsText, findingsVerdict } from '../../src/output/findings-text.ts';
import { requestsText } from '../../src/output/print-result.ts';
import { widthsReady } from '../../src/output/text-layout.ts';
import { createColors, plainTheme } from '../../src/output/theme.ts';
import { errorText } from '../../src/output/ui.ts';
import { anyText } from './arbitrary.ts';
import { batch, month } from './samples.ts';

const finding = (parts: Partial<Finding> = {}): Finding => ({
  severity: 'error',
  code: 'ragged',
  line: 12,
  column: 3,
  message: '7 fields, the header has 6',
  hint: 'Quote the field.',
  ...parts,
});
const report = (findings: readonly Finding[], parts: Partial<FileReport> = {}): FileReport => ({
  path: '/x/inv.csv',
  file: 'inv.csv',
  kind: 'invoice',
  records: 10,
  bytes: 100,
  sha256: null,
  warnings: [],
  amount: null,
  md5: null,
  crc32: null,
  header: [],
  findings,
  findingsTotal: findings.length,
  ...parts,
});

beforeAll(() => widthsReady(['日']));

describe('findingsText', () => {
  it('puts a long name on separate lines', async () => {
    const theme = plainTheme({ width: 24, colors: await createColors(true) });
    const text = findingsText([report([finding()], { file: 'INVOICES_AUG_2020.csv' })], theme);
    expect(stripVTControlCharacters(text).split('\n').slice(0, 2)).toEqual([
      'INVOICES_AUG_2020.csv:12',
      ':3',
    ]);
  });

  it('lists the findings of every file with their places, and counts the rest', () => {
    const files = [
      report(
        [
          finding(),
          finding({ line: 14 }),
          finding({ line: null, column: null, severity: 'warning', hint: 'Look.' }),
        ],
        { findingsTotal: 26 },
      ),
      report([]),
      report([finding({ column: null })], { file: 'itm\u001b.csv' }),
    ];
    expect(findingsText(files, plainTheme()).split('\n')).toEqual([
      'inv.csv:12:3 error ragged: 7 fields, the header has 6',
      'inv.csv:14:3 error ragged: 7 fields, the header has 6',
      '  → Quote the field.',
      'inv.csv warning ragged: 7 fields, the header has 6',
      '  → Look.',
      '  and 23 more in inv.csv',
      '',
      'itm\\u001b.csv:12 error ragged: 7 fields, the header has 6',
      '  → Quote the field.',
    ]);
    expect(findingsVerdict(files)).toBe(
      '3 files checked, 30 records, 2 files with errors, 1 file with warnings',
    );
    expect(findingsVerdict([report([])])).toBe('1 file checked, 10 records, nothing wrong');
    expect(findingsText([report([])], plainTheme())).toBe('');
  });

  it('fits every width', () => {
    fc.assert(
      fc.property(
        anyText,
        anyText,
        anyText,
        fc.integer({ min: 40, max: 200 }),
        (file, message, hint, width) => {
          const text = findingsText(
            [report([finding({ message, hint })], { file, findingsTotal: 9 })],
            plainTheme({ width }),
          );
          const error = errorText({ code: 'X', message, hint }, plainTheme({ width }));
          for (const line of `${text}\n${error}`.split('\n')) {
            expect(stringWidth(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
          }
        },
      ),
    );
  });
});

it('requestsText shows each request with its body, without secrets and control characters', () => {
  const text = requestsText(
    [
      { method: 'POST', url: 'https://h/rest?X-Amz-Signature=abc', body: '<a>\n\t<b>\u001b</b>\n</a>\n' },
      { method: 'GET', url: 'https://h/', body: null },
    ],
    plainTheme({ clean: (value) => value.replace('abc', '***').replaceAll('\u001b', '\\u001b') }),
  );
  expect(text).toBe(
    'POST https://h/rest?X-Amz-Signature=***\n  <a>\n    <b>\\u001b</b>\n  </a>\n\nGET https://h/',
  );
});

const items = (recordsSent: number, parts: Parameters<typeof batch>[0] = {}) =>
  batch({ kind: 'items', recordsSent, successCount: 0, failCount: 0, ...parts });

describe('the account in words', () => {
  it('accounts for every record, kind by kind', () => {
    expect(accountText(month).split('\n')).toEqual([
      '20,375 customers sent, 20,375 loaded, 0 rejected, 0 unaccounted',
      '20,375 invoices sent, 20,373 loaded, 2 rejected, 0 unaccounted',
      '2,408,773 items sent, 1,204,337 loaded, 0 rejected, 0 unaccounted so far, unknown for 1 of 3 batches, 1 of 3 batches not final',
    ]);
  });
  it.each([
    ['1 invoice sent, 1 loaded, 0 rejected, 0 unaccounted', [batch({ recordsSent: 1, successCount: 1 })]],
    [
      '5 invoices sent, loaded, rejected and unaccounted unknown',
      [batch({ recordsSent: 5, successCount: null, failCount: null })],
    ],
    [
      'invoices sent unknown, 4 loaded, 0 rejected, unaccounted unknown',
      [batch({ recordsSent: null, successCount: 4 })],
    ],
    [
      '5 invoices sent, 3 loaded, rejected unknown, unaccounted unknown',
      [batch({ recordsSent: 5, successCount: 3, failCount: null })],
    ],
    [
      '10 invoices sent, 9 loaded, 0 rejected, 3 unaccounted (2 missing, 1 more than were sent)',
      [batch({ recordsSent: 5, successCount: 3 }), batch({ recordsSent: 5, successCount: 6 })],
    ],
    [
      '5 invoices sent (unknown for 1 of 2 batches), 7 loaded, 0 rejected, 0 unaccounted, and unknown for 1 of 2 batches',
      [batch({ recordsSent: 5, successCount: 5 }), batch({ recordsSent: null, successCount: 2 })],
    ],
    // A running batch has lost nothing yet.
    ['5 invoices sent', [batch({ phase: 'running', recordsSent: 5, successCount: 3 })]],
    [
      '2,403 customers sent',
      [batch({ kind: 'customer', phase: 'queued', recordsSent: 2403, successCount: 0 })],
    ],
    ['items sent unknown', [batch({ kind: 'items', phase: 'uploaded', recordsSent: null })]],
    [
      '8,921 items sent, 2,253 loaded, 3 rejected, 0 unaccounted so far, 3 of 4 batches not final',
      [
        items(2256, { phase: 'partial', successCount: 2253, failCount: 3 }),
        items(2211, { phase: 'running', successCount: 700 }),
        items(2260, { phase: 'queued' }),
        items(2194, { phase: 'uploaded' }),
      ],
    ],
    [
      '7 items sent, loaded, rejected and unaccounted unknown so far, 1 of 2 batches not final',
      [items(3, { phase: 'failed', successCount: null, failCount: null }), items(4, { phase: 'running' })],
    ],
    [
      '7 items sent, 2 loaded, 0 rejected, 1 unaccounted so far, 1 of 2 batches not final',
      [items(3, { successCount: 2 }), items(4, { phase: 'draft' })],
    ],
    // What init left out is neither sent nor open.
    [
      '1 item sent, 1 loaded, 0 rejected, 0 unaccounted',
      [items(1, { successCount: 1 }), items(4, { phase: 'not-run' })],
    ],
    ['', [batch({ kind: 'init' })]],
  ])('%s', (expected, batches) => {
    expect(accountText(batches)).toBe(expected);
  });
  it('wraps only between its parts', () => {
    expect(
      accountText(month, plainTheme({ width: 40 }))
        .split('\n')
        .slice(2),
    ).toEqual([
      '20,375 invoices sent, 20,373 loaded,',
      '  2 rejected, 0 unaccounted',
      '2,408,773 items sent,',
      '  1,204,337 loaded, 0 rejected,',
      '  0 unaccounted so far,',
      '  unknown for 1 of 3 batches,',
      '  1 of 3 batches not final',
    ]);
  });
});
