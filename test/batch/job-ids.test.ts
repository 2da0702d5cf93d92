import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchJobId, freeJobIds, initJobId, jobIdProblem, nextJobId } from '../../src/batch/job-ids.ts';

describe("the vendor's names of one month", () => {
  test.each([
    [initJobId('AUGUST_2020'), 'AUGUST_2020_INIT'],
    [batchJobId('AUGUST_2020', 'customer', 1), 'AUGUST_2020_CUS'],
    [batchJobId('AUG_2020', 'customer', 2), 'AUG_2020_CUS_2'],
    [batchJobId('AUG_2020', 'invoice', 1), 'AUG_2020_INV'],
    [batchJobId('AUG_2020', 'invoice', 10), 'AUG_2020_INV_10'],
    [batchJobId('AUG_2020', 'items', 1), 'AUG_2020_ITM_1'],
    [batchJobId('AUG_2020', 'items', 2), 'AUG_2020_ITM_2'],
    [batchJobId('007', 'items', 1), '007_ITM_1'],
  ])('%s', (made, expected) => {
    expect(made).toBe(expected);
  });

  test('the next is the first that is free', () => {
    const taken = new Set(['A_CUS', 'A_CUS_2', 'A_CUS_4', 'A_ITM_2']);
    expect(nextJobId('A', 'customer', taken)).toBe('A_CUS_3');
    expect(nextJobId('A', 'invoice', taken)).toBe('A_INV');
    expect(nextJobId('A', 'items', taken)).toBe('A_ITM_1');
    let asked = 0;
    const next = freeJobIds('A', 'customer', (jobId) => {
      asked += 1;
      return taken.has(jobId);
    });
    for (const jobId of ['A_CUS_3', 'A_CUS_3', 'A_CUS_5']) {
      expect(next()).toBe(jobId);
      if (asked > 3) taken.add(jobId);
    }
    expect(asked).toBe(7);
  });

  test('no two numbers of a load share a name', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.constantFrom('customer', 'invoice', 'items'),
        (job, kind) => {
          const made = Array.from({ length: 12 }, (_, n) => batchJobId(job, kind, n + 1));
          expect(new Set(made).size).toBe(12);
          expect(nextJobId(job, kind, new Set(made.slice(0, 11)))).toBe(made[11]);
        },
      ),
    );
  });
});

describe('a job id is text', () => {
  test.each([
    '007',
    '1e5',
    '0x10',
    ' A ',
    'Août "1" <&>\'',
    '日本 😀',
    'e\u0301',
    'a\u200db',
    'x'.repeat(200),
  ])('%j will do', (jobId) => {
    expect(jobIdProblem(jobId)).toBeNull();
  });

  test.each([
    ['', 'it is empty'],
    ['   ', 'it is only spaces'],
    ['\u3000\u00a0', 'it is only spaces'],
    ['x'.repeat(201), 'it has 201 characters, more than 200'],
    ['a\nb', 'control'],
    ['a\u0000', 'control'],
    ['a\u001b[31m', 'control'],
    ['a\u0085', 'control'],
    ['a\ud800', 'control'],
    ['a\uffff', 'control'],
  ])('%j will not', (jobId, why) => {
    expect(jobIdProblem(jobId)).toContain(why);
  });
});
