import { describe, expect, it } from 'vitest';
import { accountText } from '../../src/output/batch-text.ts';
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
