import { describe, expect, it } from 'vitest';
import { accountText, successText } from '../../src/output/batch-text.ts';
import { batch } from './samples.ts';

const result = (rows: number, failed: number) => ({ result: { rows, failed } });

describe('the account in words, with result files,', () => {
  it.each([
    [
      'all agree',
      { recordsSent: 10, successCount: 8, failCount: 2, ...result(10, 2) },
      '8 loaded, 2 rejected, 0 unaccounted',
    ],
    [
      'a row is missing',
      { recordsSent: 10, successCount: 8, failCount: 2, ...result(9, 2) },
      '8 loaded, 2 rejected, 1 unaccounted',
    ],
    [
      'counts fall short',
      { recordsSent: 10, successCount: 7, failCount: 2, ...result(10, 2) },
      '7 loaded, 2 rejected, 1 unaccounted',
    ],
    [
      'rows too many',
      { recordsSent: 10, successCount: 8, failCount: 2, ...result(12, 2) },
      '8 loaded, 2 rejected, 2 unaccounted (2 more than were sent)',
    ],
    [
      'other failures',
      { recordsSent: 10, successCount: 8, failCount: 2, ...result(10, 3) },
      '8 loaded, 2 rejected, 1 unaccounted (1 with another result in the result file)',
    ],
    [
      'settled by the file',
      { recordsSent: 10, successCount: 7, failCount: 3, ...result(10, 3) },
      '7 loaded, 3 rejected, 0 unaccounted',
    ],
  ] as const)('%s', (_name, parts, expected) => {
    expect(accountText([batch(parts)])).toBe(`10 invoices sent, ${expected}`);
  });
});

describe('the verdict where every batch succeeded', () => {
  const good = (parts: object) =>
    batch({
      kind: 'invoice',
      phase: 'succeeded',
      outcome: 'succeeded',
      recordsSent: 10,
      successCount: 10,
      failCount: 0,
      ...parts,
    });

  it.each([
    [
      'counts that agree',
      [good({}), good({ jobId: 'ITM', kind: 'items', recordsSent: 1200, successCount: 1200 })],
      ': all 1,210 records are loaded.',
    ],
    ['one record', [good({ recordsSent: 1, successCount: 1 })], ': 1 record is loaded.'],
    ['an init alone', [good({ kind: 'init', recordsSent: null, successCount: null, failCount: null })], '.'],
    [
      'no counts',
      [good({ successCount: null, failCount: null })],
      ' by the status, but the server gives no full counts: the result files have them.',
    ],
    ['a file from elsewhere', [good({ recordsSent: null })], ': 10 records are loaded.'],
    [
      'corrections and waivers',
      [good({ successCount: 7, failCount: 3, phase: 'partial', settled: { corrected: 2, waived: 1 } })],
      ': 9 records are loaded, 2 of them after correction, 1 waived.',
    ],
    ['a batch left out', [good({}), good({ jobId: 'B', leftOut: true })], ': all 10 records are loaded.'],
  ] as const)('says no more than %s', (_name, batches, expected) => {
    expect(successText('AUG_2020', batches)).toBe(`AUG_2020 succeeded${expected}`);
  });
});
