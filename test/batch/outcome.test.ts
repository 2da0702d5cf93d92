import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFinal, isSettled, outcomeOf, waitsFor, worst } from '../../src/batch/outcome.ts';
import type { Phase } from '../../src/batch/types.ts';

// api rule 7: worst first.
const ORDER = [
  'failed',
  'missing',
  'partial',
  'running',
  'queued',
  'uploaded',
  'draft',
  'succeeded',
  'not-run',
] as const;
const phase = fc.constantFrom(...ORDER);

describe('worst', () => {
  test('of two, in the written order, whichever comes first', () => {
    for (const [i, worse] of ORDER.entries())
      for (const better of ORDER.slice(i)) {
        expect(worst([worse, better])).toBe(worse);
        expect(worst([better, worse])).toBe(worse);
      }
  });

  test('not-run takes no part where anything else is there', () => {
    for (const other of ORDER) expect(worst(['not-run', other, 'not-run'])).toBe(other);
  });

  test('of none is none, of any number the least in order', () => {
    expect(worst([])).toBeNull();
    fc.assert(
      fc.property(fc.array(phase, { minLength: 1 }), (phases) => {
        expect(worst(phases)).toBe(ORDER.find((each) => phases.includes(each)));
      }),
    );
  });
});

test.each<[Phase, boolean]>([
  ['failed', true],
  ['missing', false],
  ['partial', true],
  ['running', false],
  ['queued', false],
  ['uploaded', false],
  ['draft', false],
  ['not-run', true],
  ['succeeded', true],
])('%s is final: %s', (each, final) => {
  expect(isFinal(each)).toBe(final);
});

describe('the outcome', () => {
  test.each<[Phase, Phase[], Phase]>([
    ['succeeded', [], 'succeeded'],
    ['succeeded', ['succeeded', 'succeeded'], 'succeeded'],
    ['succeeded', ['partial', 'succeeded'], 'partial'],
    ['partial', ['failed'], 'failed'],
    ['partial', ['missing'], 'missing'],
    ['missing', ['failed'], 'failed'],
    ['succeeded', ['running'], 'running'],
    ['failed', ['succeeded'], 'failed'],
    ['draft', ['uploaded', 'draft'], 'uploaded'],
  ])('of an invoice batch %s with items %j is %s', (own, children, outcome) => {
    expect(outcomeOf(own, children)).toBe(outcome);
  });

  test.each<[Phase[], Phase]>([
    [[], 'not-run'],
    [['not-run', 'not-run', 'not-run'], 'not-run'],
    [['succeeded', 'not-run', 'not-run'], 'succeeded'],
    [['succeeded', 'running', 'not-run'], 'running'],
    [['failed', 'not-run', 'running'], 'failed'],
  ])(
    'of an init, which has none of its own, is that of its children that ran: %j → %s',
    (children, outcome) => {
      expect(outcomeOf('not-run', children)).toBe(outcome);
    },
  );
});

test('settled is the batch and each of its children final', () => {
  fc.assert(
    fc.property(phase, fc.array(phase), (own, phases) => {
      const children = phases.map((each) => ({ phase: each, children: [] }));
      expect(isSettled({ phase: own, children })).toBe(isFinal(own) && phases.every(isFinal));
    }),
  );
});

test.each<[Phase, Phase[], ReturnType<typeof waitsFor>]>([
  ['succeeded', ['failed', 'not-run'], 'nothing'],
  ['succeeded', ['failed', 'running'], 'end'],
  ['missing', [], 'missing'],
  ['succeeded', ['missing'], 'missing'],
  ['missing', ['running'], 'end'],
  ['running', ['missing'], 'end'],
])('a batch %s with items %j waits for: %s', (own, phases, wait) => {
  expect(waitsFor({ phase: own, children: phases.map((each) => ({ phase: each, children: [] })) })).toBe(
    wait,
  );
});
