import { describe, expect, it } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { LookUps, likelyJobIds } from '../../src/load/look-ups.ts';
import { assign } from '../../src/load/plan.ts';
import { batch, known, load, source } from './fixtures.ts';

function rig(answer: (jobId: string) => unknown) {
  const asked: string[] = [];
  let now = 1000;
  const status = async (ref: { readonly jobId?: string }): Promise<never> => {
    asked.push(ref.jobId ?? '');
    const given = answer(ref.jobId ?? '');
    if (given instanceof Error) throw given;
    return given as never;
  };
  const lookUps = new LookUps({ status } as never, () => now);
  return {
    asked,
    lookUps,
    wait: (ms: number): void => {
      now += ms;
    },
  };
}

describe('questions about new job ids', () => {
  it('are answered once, and not after five seconds', async () => {
    const found = batch({ jobId: 'A_CUS_2' });
    const { lookUps, wait, asked } = rig((jobId) => (jobId === 'A_CUS_2' ? found : null));
    lookUps.ask(['A_CUS', 'A_CUS_2', 'A_CUS_3'], 4);
    expect(await lookUps.take('A_CUS')).toEqual({ at: 1000, batch: null });
    expect(await lookUps.take('A_CUS')).toBeUndefined();
    wait(4999);
    expect(await lookUps.take('A_CUS_2')).toEqual({ at: 1000, batch: found });
    wait(1);
    expect(await lookUps.take('A_CUS_3')).toBeUndefined();
    expect(await lookUps.take('A_CUS_4')).toBeUndefined();
    expect(asked).toEqual(['A_CUS', 'A_CUS_2', 'A_CUS_3']);
  });

  it('that fail are forgotten, but credentials that were refused are not tried again', async () => {
    const error = (code: 'UNAVAILABLE' | 'AUTH'): EbillError => new EbillError(code, 'no', { hint: 'x' });
    const { lookUps } = rig((jobId) => error(jobId === 'A_CUS' ? 'UNAVAILABLE' : 'AUTH'));
    lookUps.ask(['A_CUS', 'A_CUS_2'], 4);
    expect(await lookUps.take('A_CUS')).toBeUndefined();
    await expect(lookUps.take('A_CUS_2')).rejects.toMatchObject({ code: 'AUTH' });
  });

  it('are about the job ids that the plan gives to new files', () => {
    const state = load(
      known({ jobId: 'AUG_2020_CUS', file: source('old.csv', 'old') }),
      known({ jobId: 'AUG_2020_CUS_3', file: source('third.csv', 'third') }),
    );
    const files = ['a', 'b', 'c'].map((name) => source(`${name}.csv`, name));
    const planned = assign(state, 'customer', files, { jobId: null, again: false, next: false });
    const named = files.map(({ name }) => ({ kind: 'customer' as const, name }));
    expect(likelyJobIds(state, 'AUG_2020', named, null)).toEqual(planned.map(({ jobId }) => jobId));
    // A file that may be on record is not asked about.
    const old = [{ kind: 'customer' as const, name: 'old.csv' }];
    expect(likelyJobIds(state, 'AUG_2020', old, null)).toEqual([]);
    expect(likelyJobIds(state, 'AUG_2020', old.concat(named.slice(0, 1)), 'X')).toEqual(['X']);
    expect(likelyJobIds(null, 'SEP', [{ kind: 'invoice', name: 'i.csv' }], null)).toEqual(['SEP_INV']);
  });
});
