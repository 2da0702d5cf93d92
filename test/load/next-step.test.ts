import { describe, expect, it } from 'vitest';
import type { BatchView, Phase } from '../../src/batch/types.ts';
import { nextStep } from '../../src/load/next-step.ts';
import { batch } from '../output/samples.ts';

const of = (...phases: readonly Phase[]): BatchView[] =>
  phases.map((phase) => batch({ kind: 'customer', phase }));

describe('the next command of a load', () => {
  it.each<[string, readonly BatchView[], string]>([
    [
      'only started',
      [batch({ kind: 'init', phase: 'succeeded' })],
      'ebill upload customer FILE… --job AUG_2020',
    ],
    ['an upload broken off', of('succeeded', 'draft', 'uploaded'), 'ebill status --job AUG_2020'],
    ['uploaded', of('running', 'uploaded'), 'ebill finalize --job AUG_2020'],
    ['being processed', of('failed', 'running'), 'ebill watch --job AUG_2020'],
    [
      'rejects among items',
      [
        batch({
          kind: 'invoice',
          phase: 'succeeded',
          children: [batch({ kind: 'items', phase: 'partial' })],
        }),
      ],
      'ebill results --job AUG_2020 --rejects',
    ],
    ['all loaded', of('succeeded'), 'ebill report --job AUG_2020'],
  ])('%s', (_what, batches, command) => {
    const step = nextStep(batches, 'AUG_2020');
    expect(step.command).toBe(command);
    expect(step.why).not.toBe('');
  });

  it('quotes a name a shell would take apart', () => {
    expect(nextStep([], 'AUG 2020').command).toContain("--job 'AUG 2020'");
  });
});
