import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { phaseOf } from '../../src/batch/phase.ts';
import type { Batch, Phase } from '../../src/batch/types.ts';

const blank: Batch = {
  element: 'batchProcess',
  id: null,
  jobId: null,
  status: null,
  operation: null,
  subOperation: null,
  successCount: null,
  successMessage: null,
  errorMessage: null,
  failCount: null,
  uploadUrl: null,
  downloadUrl: null,
  children: [],
};
const batch = (over: Partial<Batch>): Batch => ({ ...blank, id: '3', ...over });
const final = { successCount: 100, failCount: 0 };

// api rule 6, written out a second time.
const NAMES: Readonly<Record<string, readonly string[]>> = {
  draft: ['draft'],
  queued: ['queued', 'pending', 'submitted', '1'],
  running: ['in progress', 'processing', 'running', 'started', '2'],
  succeeded: ['success', 'succeeded', 'completed', 'complete', 'done', 'finished', '3', '4', '5'],
  partial: [
    'partial',
    'partial success',
    'partially successful',
    'completed with errors',
    'success with errors',
  ],
  failed: ['failed', 'failure', 'fail', 'error', 'aborted', 'cancelled', 'canceled', 'rejected'],
};
const PAIRS = Object.entries(NAMES).flatMap(([phase, names]) => names.map((name) => [name, phase] as const));

describe('status names', () => {
  test.each(PAIRS)('%s → %s', (name, phase) => {
    for (const spelled of [
      name,
      name.toUpperCase(),
      name.replace(/\b\w/g, (c) => c.toUpperCase()),
      name.replaceAll(' ', ''),
      name.replaceAll(' ', '-'),
      name.replaceAll(' ', '_'),
      name.replaceAll(' ', ' _- '),
      `_${name}-`,
    ])
      expect(phaseOf(batch({ status: spelled, ...final }))).toEqual({ phase, recognised: true });
  });

  test('any spelling in case, blanks, - and _ reads the same', () => {
    const noise = fc.stringMatching(/^[ _-]{0,3}$/);
    fc.assert(
      fc.property(
        fc.constantFrom(...PAIRS),
        fc.infiniteStream(noise),
        fc.infiniteStream(fc.boolean()),
        ([name, phase], noises, cases) => {
          let status = noises.next().value;
          for (const char of name.replaceAll(' ', '')) {
            status += cases.next().value ? char.toUpperCase() : char;
            status += noises.next().value;
          }
          expect(phaseOf(batch({ status, ...final })).phase).toBe(phase);
        },
      ),
    );
  });

  test.each(['6', '0', '33', 'succes', 'drafted', 'constructor', '__proto__', 'toString', 'é'])(
    'an unknown name %j is running, final once there is a result, and never recognised',
    (status) => {
      expect(phaseOf(batch({ status }))).toEqual({ phase: 'running', recognised: false });
      const downloadUrl = 'https://s3/x';
      const done = (counts: Partial<Batch>) => phaseOf(batch({ status, downloadUrl, ...counts }));
      expect(done(final)).toEqual({ phase: 'succeeded', recognised: false });
      expect(done({ successCount: 1, failCount: 1 }).phase).toBe('partial');
      expect(done({ failCount: 2 }).phase).toBe('failed');
    },
  );

  test('a batch without a status is looked at like an unknown name', () => {
    expect(phaseOf(batch({}))).toEqual({ phase: 'running', recognised: false });
    expect(phaseOf(batch({ downloadUrl: 'https://s3/x' })).phase).toBe('succeeded');
  });
});

describe('the outcome of a final batch', () => {
  test.each<[string, number | null, number | null, Phase]>([
    ['Success', 100, 0, 'succeeded'],
    ['Success', 99, 1, 'partial'],
    ['Success', 0, 1, 'failed'],
    ['Success', null, 1, 'failed'],
    ['Success', null, null, 'succeeded'],
    ['4', 5, 3, 'partial'],
    ['4', 0, 3, 'failed'],
    ['5', 8, null, 'succeeded'],
    ['Failed', 100, 0, 'failed'],
    ['Failed', 99, 1, 'failed'],
    ['Partial Success', 100, 0, 'partial'],
    ['Partial Success', null, null, 'partial'],
    ['Partial Success', 0, 4, 'failed'],
  ])('%s with %s good and %s failed is %s', (status, successCount, failCount, phase) => {
    expect(phaseOf(batch({ status, successCount, failCount })).phase).toBe(phase);
  });

  test('counts say nothing before the end', () => {
    for (const status of ['Draft', 'Queued', 'Running', 'Odd'])
      expect(['draft', 'queued', 'running']).toContain(phaseOf(batch({ status, failCount: 9 })).phase);
  });
});

describe("a profile's names", () => {
  test('map further names, compared the same way, counts still counting', () => {
    const own = { 'In Review': 'queued', Parked: 'draft', 'all-good': 'succeeded', oops: 'failed' } as const;
    expect(phaseOf(batch({ status: 'IN_REVIEW' }), own)).toEqual({ phase: 'queued', recognised: true });
    expect(phaseOf(batch({ status: 'parked' }), own).phase).toBe('draft');
    expect(phaseOf(batch({ status: 'ALL GOOD', successCount: 1, failCount: 1 }), own).phase).toBe('partial');
    expect(phaseOf(batch({ status: 'Oops' }), own).phase).toBe('failed');
  });

  test('win over the known ones', () => {
    expect(phaseOf(batch({ status: 'Success' }), { success: 'running' }).phase).toBe('running');
  });

  test.each(['uploaded', 'not-run'] as const)(
    'to %s, which no name can mean, is as if it were not there',
    (phase) => {
      expect(phaseOf(batch({ status: 'Success', ...final }), { Success: phase })).toEqual({
        phase: 'succeeded',
        recognised: true,
      });
      expect(phaseOf(batch({ status: 'Odd' }), { Odd: phase })).toEqual({
        phase: 'running',
        recognised: false,
      });
    },
  );
});

describe('the children of an init', () => {
  const element = 'carryForwardCreditMemo';

  test('with every field empty did not run', () => {
    expect(phaseOf({ ...blank, element })).toEqual({ phase: 'not-run', recognised: true });
  });

  test.each<Partial<Batch>>([
    { id: '2' },
    { status: 'Queued' },
    { successCount: 0 },
    { failCount: 0 },
    { jobId: 'A' },
    { errorMessage: 'Locked' },
  ])('with %o did', (over) => {
    expect(phaseOf({ ...blank, element, ...over }).phase).not.toBe('not-run');
  });

  test('only they: an empty batch of another kind is not final', () => {
    expect(phaseOf(blank).phase).toBe('running');
  });
});
