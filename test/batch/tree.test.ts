import { describe, expect, it } from 'vitest';
import { flatten, flattenPlaced, itemsUnder, parentJobId, parentOf } from '../../src/batch/tree.ts';

interface Named {
  readonly name: string;
  readonly children: readonly Named[];
}
const node = (name: string, ...children: readonly Named[]): Named => ({ name, children });
const TREES = [node('a', node('b', node('c')), node('d')), node('e')];

describe('a tree of batches', () => {
  it('is flattened with each parent before its children', () => {
    expect(
      flatten(TREES)
        .map(({ name }) => name)
        .join(''),
    ).toBe('abcde');
  });

  it('is flattened with the parent and depth of each batch', () => {
    expect(
      flattenPlaced(TREES).map(({ batch, parent, depth }) => [batch.name, parent?.name ?? null, depth]),
    ).toEqual([
      ['a', null, 0],
      ['b', 'a', 1],
      ['c', 'b', 2],
      ['d', 'a', 1],
      ['e', null, 0],
    ]);
  });
});

describe('the invoice batch of an items batch', () => {
  interface Recorded {
    readonly jobId: string;
    readonly id: string | null;
    readonly kind: string;
    readonly parent: { readonly id: string | null; readonly jobId: string | null } | null;
  }
  const invoice = (jobId: string, id: string | null): Recorded => ({
    jobId,
    id,
    kind: 'invoice',
    parent: null,
  });
  const items = (jobId: string, parent: Recorded['parent']): Recorded => ({
    jobId,
    id: null,
    kind: 'items',
    parent,
  });
  const record = (...batches: readonly Recorded[]): ReadonlyMap<string, Recorded> =>
    new Map(batches.map((batch) => [batch.jobId, batch]));
  const batches = record(invoice('INV', '4'), invoice('INV_2', null), invoice('INV_3', '9'));

  it.each([
    ['is found by its job id', { id: null, jobId: 'INV' }, 'INV'],
    ['is found by its id alone', { id: '9', jobId: null }, 'INV_3'],
    ['is found by its id where its job id is not on record', { id: '4', jobId: 'ELSEWHERE' }, 'INV'],
    ['is the one of the job id where the two disagree', { id: '9', jobId: 'INV' }, 'INV'],
    ['is not one without an id because neither id is known', { id: null, jobId: 'ELSEWHERE' }, null],
    ['is unknown where nothing names it', null, null],
  ])('%s', (_name, parent, expected) => {
    const item = items('ITM', parent);
    expect(parentOf(batches, item)?.jobId ?? null).toBe(expected);
    const all = record(...batches.values(), item);
    for (const one of batches.values())
      expect(itemsUnder(all, one).map(({ jobId }) => jobId)).toEqual(one.jobId === expected ? ['ITM'] : []);
  });

  it('has a job id even where it is not on record', () => {
    expect(parentJobId(batches, items('ITM', { id: null, jobId: 'ELSEWHERE' }))).toBe('ELSEWHERE');
    expect(parentJobId(batches, items('ITM', { id: '9', jobId: null }))).toBe('INV_3');
  });

  it('is not asked of other kinds', () => {
    expect(parentOf(batches, { ...invoice('X', null), parent: { id: '4', jobId: 'INV' } })).toBeNull();
  });
});
