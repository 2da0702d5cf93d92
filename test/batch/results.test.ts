import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountOf, withResults } from '../../src/batch/account.ts';
import type { BatchView } from '../../src/batch/types.ts';
import { missingHint, unaccounted, uncounted, verdictOf } from '../../src/batch/verdict.ts';
import { messagesName, rejectsName, resultName, resultsFolder } from '../../src/load/file-names.ts';
import { viewLoad } from '../../src/load/view.ts';
import { GRAPHEME } from '../helpers/unicode.ts';
import { batch, known, LINUX, load, source } from '../load/fixtures.ts';

const done = { created: 'yes', uploaded: 'yes', finalized: 'yes' } as const;

function view(successCount: number | null, failCount: number | null, sent = 10): BatchView {
  const seen = batch({ status: 'Success', successCount, failCount });
  const [only] = viewLoad(load(known({ ...done, id: '3', file: source('cus.csv', 'a', sent), seen })), {});
  if (only === undefined) throw new Error('no batch');
  return only;
}
const withFile = (one: BatchView, rows: number, failed: number): BatchView => {
  const [only] = withResults([one], new Map([['AUG_2020_CUS', { rows, failed }]]));
  if (only === undefined) throw new Error('no batch');
  return only;
};

describe('counts and result file compared', () => {
  it.each([
    ['all agree', 8, 2, 10, 2, 'accounted', 'partial'],
    ['none failed', 10, 0, 10, 0, 'accounted', 'succeeded'],
    ['a row is missing', 8, 2, 9, 2, 'mismatch', 'failed'],
    ['a row too many', 8, 2, 11, 2, 'mismatch', 'failed'],
    ['other failures', 8, 2, 10, 3, 'mismatch', 'failed'],
    ['no counts: settled', null, null, 10, 2, 'accounted', 'partial'],
    ['no counts, all failed', null, null, 10, 10, 'accounted', 'failed'],
    ['no counts, none failed', null, null, 10, 0, 'accounted', 'succeeded'],
    ['no counts, a row missing', null, null, 9, 2, 'mismatch', 'failed'],
    ['one count, agreeing', 8, null, 10, 2, 'accounted', 'partial'],
    ['one count, another one', 8, null, 10, 3, 'mismatch', 'failed'],
    ['counts that fall short, and a file that does too', 7, 2, 9, 2, 'mismatch', 'failed'],
  ] as const)('%s', (_name, success, fail, rows, failed, verdict, outcome) => {
    const one = withFile(view(success, fail), rows, failed);
    expect(accountOf(one).state).toBe(verdict);
    expect(one.outcome).toBe(outcome);
    expect(uncounted([one])).toEqual([]);
  });

  it('names the batch and every number', () => {
    const one = withFile(view(8, 2), 9, 3);
    expect(unaccounted([one], 'hint', LINUX, 'J')).toMatchObject({
      code: 'UNACCOUNTED',
      exitCode: 4,
      message:
        'Records are unaccounted for. AUG_2020_CUS: 10 records sent, 10 accounted for (8 loaded, 2 rejected), 9 rows in the result file (3 of them failures).',
    });
    expect(unaccounted([withFile(view(8, 2), 10, 2)], '', LINUX, 'J')).toBeNull();
    expect(verdictOf([withFile(view(null, null), 10, 2)], null, LINUX)).toMatchObject({ code: 'PARTIAL' });
  });

  it('a batch not sent from here is compared with its own counts only', () => {
    const foreign = { ...view(8, 2), recordsSent: null };
    expect(accountOf(withFile(foreign, 10, 2)).state).toBe('open');
    expect(accountOf(withFile(foreign, 9, 2)).state).toBe('mismatch');
  });

  it.each([
    ['a row missing, no counts', 10, null, null, 9, 2, 'mismatch'],
    ['other failures, the loaded uncounted, not sent from here', null, null, 2, 10, 3, 'mismatch'],
    ['another number loaded, the rejected uncounted, not sent from here', null, 8, null, 10, 3, 'mismatch'],
    ['no counts, all rows', 10, null, null, 10, 2, 'accounted'],
  ] as const)(
    'each number by itself: %s',
    (_name, recordsSent, successCount, failCount, rows, failed, verdict) => {
      const one = {
        phase: 'succeeded',
        recordsSent,
        successCount,
        failCount,
        result: { rows, failed },
      } as const;
      expect(accountOf(one).state).toBe(verdict);
    },
  );

  it('a batch that is not final is never a mismatch', () => {
    expect(accountOf({ ...view(8, 2), phase: 'running', result: { rows: 1, failed: 1 } }).state).toBe('open');
  });

  it("a child's difference is its parent's outcome", () => {
    const child = { ...view(8, 2), kind: 'items', jobId: 'C' } as const;
    const parent = { ...view(10, 0), kind: 'invoice', jobId: 'P', children: [child] } as const;
    const [one] = withResults([parent], new Map([['C', { rows: 9, failed: 2 }]]));
    expect(one).toMatchObject({ phase: 'succeeded', outcome: 'failed', children: [{ outcome: 'failed' }] });
  });

  it('any numbers: accounted exactly when all of them agree', () => {
    const n = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(n, n, n, n, n, (sent, success, fail, rows, failed) => {
        fc.pre(failed <= rows);
        const one = withFile(view(success, fail, sent), rows, failed);
        const agree = sent === success + fail && rows === sent && failed === fail;
        expect(accountOf(one).state).toBe(agree ? 'accounted' : 'mismatch');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('names are ours', () => {
  it('customary job ids are readable', () => {
    expect(resultName('AUG_2020_INV')).toBe('AUG_2020_INV_result.csv');
    expect(rejectsName('AUG_2020_ITM_12')).toBe('AUG_2020_ITM_12_rejects.csv');
    expect(messagesName('AUG_2020_CUS')).toBe('AUG_2020_CUS_rejects.messages.csv');
    expect(resultName('aug')).toMatch(/^aug-[0-9a-f]{8}_result\.csv$/);
    expect(resultsFolder('AUG_2020')).toBe('AUG_2020');
  });

  const jobId = fc.oneof(
    fc.string({ unit: GRAPHEME, minLength: 1, maxLength: 150 }),
    fc
      .array(fc.constantFrom('a', 'A', '/', '\\', '..', '.', ' ', '_', 'CON', 'nul.x', ':', 'é', 'e\u0301'), {
        minLength: 1,
        maxLength: 6,
      })
      .map((parts) => parts.join('')),
  );
  it('any two job ids have two names, also where case and accents are not told apart', () => {
    const folded = (text: string): string => resultName(text).normalize('NFC').toLowerCase();
    fc.assert(
      fc.property(jobId, jobId, (a, b) => {
        fc.pre(a !== b);
        expect(folded(a)).not.toBe(folded(b));
      }),
      { numRuns: 3000 },
    );
  });
  it('any name stays within its folder, and can be written anywhere', () => {
    fc.assert(
      fc.property(jobId, (text) => {
        for (const name of [resultName(text), rejectsName(text), messagesName(text), resultsFolder(text)]) {
          expect(name).not.toMatch(/[/\\:*?"<>|\u0000-\u001f]|^[. -]|[. ]$/);
          expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
          expect(Buffer.byteLength(name)).toBeLessThan(200);
          expect(name).not.toBe('');
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the next step for a batch that the server no longer knows', () => {
  it('names the files that must not be loaded again, and of an init what must wait', () => {
    const lost: BatchView = { ...view(null, null), phase: 'missing' };
    expect(missingHint([lost])).toContain('Do not load any of these files again');
    expect(missingHint([{ ...lost, kind: 'init', file: null }])).toContain('Do not load invoices');
    expect(missingHint([lost, { ...lost, kind: 'init' }])).toContain('these files');
  });
});
