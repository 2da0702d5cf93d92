import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalId, findSame, identityOf, idsText, isSameBatch, sameId } from '../../src/batch/identity.ts';

describe('an answer', () => {
  const asked = { id: '4', jobId: 'AUG_2020_INV' };
  it.each([
    ['has both ids', asked, 'same'],
    ['has no job id, as in the examples', { id: '4', jobId: null }, 'same'],
    ['has no id', { id: null, jobId: 'AUG_2020_INV' }, 'same'],
    ['writes the id with zeros in front', { id: '0000000004', jobId: 'AUG_2020_INV' }, 'padded'],
    ['has another id', { id: '40', jobId: 'AUG_2020_INV' }, 'other'],
    ['has the id of a batch of another job', { id: '4', jobId: 'SEP_2020_INV' }, 'other'],
    ['spells the job id in another way: it is text', { id: '4', jobId: 'aug_2020_inv' }, 'other'],
  ] as const)('that %s', (_name, answer, identity) => {
    expect(identityOf(asked, answer)).toBe(identity);
  });

  it('about a batch whose id is not known yet is judged by the job id', () => {
    expect(identityOf({ id: null, jobId: 'A' }, { id: '7', jobId: 'A' })).toBe('same');
    expect(identityOf({ id: null, jobId: 'A' }, { id: '7', jobId: 'B' })).toBe('other');
    expect(identityOf({ id: '7', jobId: null }, { id: '7', jobId: 'B' })).toBe('same');
  });
});

it('a batch in a list is found by its id, padded or not, else by its job id', () => {
  expect(isSameBatch({ id: '5', jobId: 'A' }, { id: '0000000005', jobId: null })).toBe(true);
  expect(isSameBatch({ id: '5', jobId: 'A' }, { id: '6', jobId: 'A' })).toBe(false);
  expect(isSameBatch({ id: null, jobId: 'A' }, { id: '6', jobId: 'A' })).toBe(true);
  expect(isSameBatch({ id: null, jobId: null }, { id: null, jobId: null })).toBe(false);
});

describe('ids', () => {
  it('are the same with any number of zeros in front, and only then', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(9), (a, b, zeros) => {
        expect(sameId(`${'0'.repeat(zeros)}${a}`, String(b))).toBe(a === b);
      }),
    );
    expect(canonicalId('000')).toBe('0');
    expect(sameId('0x10', 'x10')).toBe(false);
  });

  it('are named as far as they are known', () => {
    expect(idsText({ id: '3', jobId: 'A' })).toBe('A (batch 3)');
    expect(idsText({ id: null, jobId: 'A' })).toBe('A');
    expect(idsText({ id: '3', jobId: null })).toBe('batch 3');
  });
});

it('a batch in a long list is found as in a short one', () => {
  const ids = fc.record({
    id: fc.option(fc.constantFrom('1', '01', '001', '2', '3', '0'), { nil: null }),
    jobId: fc.option(fc.constantFrom('A', 'B', 'C'), { nil: null }),
  });
  fc.assert(
    fc.property(fc.array(ids, { maxLength: 40 }), ids, (list, known) => {
      expect(findSame(list, known)).toBe(list.find((one) => isSameBatch(known, one)));
    }),
  );
});
