import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { batchTimes } from '../../src/commands/shared/wait.ts';
import type { Entry, Header } from '../../src/load/entries.ts';
import { memoryJournal } from '../../src/load/journal.ts';
import { journalPath, loadsFolder } from '../../src/load/journal-places.ts';
import type { Run } from '../../src/load/run.ts';
import { testContext } from '../helpers/context.ts';
import { batch, HEADER, known, load, source } from '../load/fixtures.ts';

const at = (second: number): string => new Date(Date.UTC(2020, 6, 31, 22, 0, second)).toISOString();

/** A customer batch of ten records that took forty seconds. */
const JULY: readonly Entry[] = [
  {
    at: at(0),
    type: 'intent',
    n: 1,
    call: 'create',
    jobId: 'JUL_2020_CUS',
    kind: 'customer',
    file: source('jul.csv', 'j', 10),
    parent: null,
  },
  { at: at(1), type: 'answer', n: 1, outcome: 'answered', batch: batch({ jobId: 'JUL_2020_CUS' }) },
  { at: at(2), type: 'intent', n: 2, call: 'finalize', jobId: 'JUL_2020_CUS', id: '3' },
  { at: at(3), type: 'answer', n: 2, outcome: 'answered', batch: batch({ status: 'Queued' }) },
  { at: at(43), type: 'seen', jobId: 'JUL_2020_CUS', batch: batch({ status: 'Success', successCount: 10 }) },
];

const handed = { finalized: 'yes', finalizedAt: at(500) } as const;
const cus = known({ ...handed, id: '7', file: source('cus.csv', 'a', 20) });
const inv = known({ ...handed, id: '8', jobId: 'AUG_2020_INV', kind: 'invoice' });
const itm = known({
  jobId: 'AUG_2020_ITM_1',
  kind: 'items',
  file: source('itm.csv', 'i', 10),
  parent: { id: '8', jobId: null },
});

async function times(journals: Readonly<Record<string, string>>) {
  const context = testContext();
  mkdirSync(loadsFolder(context.paths.state, HEADER), { recursive: true });
  for (const [job, text] of Object.entries(journals))
    writeFileSync(journalPath(context.paths.state, HEADER, job), text);
  const journal = memoryJournal(load(cus, inv, itm), context.now);
  return batchTimes({ context, journal, statusNames: {} } as unknown as Run);
}

const lines = (header: Header): string =>
  `${[header, ...JULY].map((line) => JSON.stringify(line)).join('\n')}\n`;

describe('the times of batches', () => {
  it('come from the journal and from earlier loads', async () => {
    const of = await times({ JUL_2020: lines({ ...HEADER, job: 'JUL_2020' }), JUN_2020: 'torn' });
    expect(of('AUG_2020_CUS')).toEqual({ since: Date.parse(at(500)), estimateMs: 80_000 });
    expect(of('AUG_2020_INV')).toEqual({ since: Date.parse(at(500)), estimateMs: null });
  });

  it('of items are those of their invoice batch, without an estimate of their own', async () => {
    const of = await times({});
    expect(of('AUG_2020_ITM_1')).toEqual({ since: Date.parse(at(500)), estimateMs: null });
    expect(of('NOBODY')).toEqual({ since: null, estimateMs: null });
  });

  it('are not estimated from the load itself', async () => {
    const of = await times({ AUG_2020: lines(HEADER) });
    expect(of('AUG_2020_CUS').estimateMs).toBeNull();
  });
});
