import { describe, expect, it } from 'vitest';
import { parentOnServer } from '../../src/load/discover.ts';
import { assertMeant } from '../../src/load/finalize.ts';
import type { Run } from '../../src/load/run.ts';
import type { BatchState } from '../../src/load/state.ts';
import { batch, known, load, source } from './fixtures.ts';

it('a batch whose answer names its invoice batch is one of items, whatever it is called', async () => {
  const odd = batch({ jobId: 'ODD', parent: { id: '4', jobId: null } });
  expect(await parentOnServer({} as Run, 'ODD', odd)).toBe('batch 4');
});

describe('drafts that only the server knows (api rule 29)', () => {
  const draft = (jobId: string, over: Partial<BatchState> = {}): BatchState =>
    known({
      jobId,
      id: jobId.length.toString(),
      kind: /_INV/.test(jobId) ? 'invoice' : /_ITM/.test(jobId) ? 'items' : 'customer',
      file: null,
      created: 'yes',
      foundElsewhere: true,
      seen: batch({ jobId }),
      ...over,
    });
  const CUS = draft('AUG_2020_CUS');
  const SECOND = draft('AUG_2020_CUS_2');
  const INV = draft('AUG_2020_INV');
  const object = (name: string) => ({ object: `https://s3.example/acme/in/${name}.csv` });
  const processed = { seen: batch({ status: 'Success' }) };
  const parent = { id: null, jobId: 'AUG_2020_INV' };
  it.each<[string, readonly BatchState[], readonly string[] | null]>([
    ['one of each kind', [CUS, INV], null],
    ['two of a kind', [CUS, SECOND, INV], null],
    [
      '… with one file: one of them was replaced',
      [draft('AUG_2020_CUS', object('a')), draft('AUG_2020_CUS_2', object('a'))],
      ['AUG_2020_CUS (batch', 'AUG_2020_CUS_2 (batch', 'in/a.csv'],
    ],
    [
      'a draft beside one that was finalized elsewhere',
      [CUS, { ...SECOND, ...processed }],
      ['AUG_2020_CUS_2'],
    ],
    [
      '… that this machine finalized',
      [CUS, { ...SECOND, ...processed, finalized: 'yes', finalizedAt: '2020-08-01T10:00:00.000Z' }],
      null,
    ],
    [
      'all of them processed',
      [
        { ...CUS, ...processed },
        { ...SECOND, ...processed },
      ],
      null,
    ],
    ['one left behind on record', [CUS, { ...SECOND, abandoned: true }], null],
    [
      'two whose files are on record here',
      [
        { ...CUS, file: source() },
        { ...SECOND, file: source('b') },
      ],
      null,
    ],
    [
      'items of one invoice batch',
      [INV, draft('AUG_2020_ITM_1', { parent }), draft('AUG_2020_ITM_2', { parent })],
      null,
    ],
    [
      '… with one file',
      [
        INV,
        draft('AUG_2020_ITM_1', { parent, ...object('i') }),
        draft('AUG_2020_ITM_2', { parent, ...object('i') }),
      ],
      ['AUG_2020_ITM_1', 'AUG_2020_ITM_2'],
    ],
  ])('%s', (_name, batches, named) => {
    const targets = batches.filter(({ kind, abandoned }) => kind !== 'items' && !abandoned);
    const check = () => assertMeant(load(...batches), targets, {});
    if (named === null) return expect(check).not.toThrow();
    const hint = expect.stringContaining('--job-id');
    for (const name of named)
      expect(check).toThrow(
        expect.objectContaining({ code: 'CONFLICT', hint, message: expect.stringContaining(name) }),
      );
  });
});
