import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/api/client.ts';
import type { StepOptions } from '../../src/commands/run/month.ts';
import { runMonth } from '../../src/commands/run/month.ts';
import type { App, CommandResult } from '../../src/commands/shared/command.ts';
import { memoryJournal } from '../../src/load/journal.ts';
import type { Run } from '../../src/load/run.ts';
import { emptyState } from '../../src/load/state.ts';
import { testContext } from '../helpers/context.ts';
import { batch, HEADER, source } from '../load/fixtures.ts';
import { uiFor } from '../output/ui-helper.ts';

/** A server whose init carries some invoices forward and fails with others; anything after it would be seen. */
async function month(
  failed: number,
  accepted: number,
): Promise<{ readonly asked: string[]; readonly stopped: string | null }> {
  const context = testContext();
  const asked: string[] = [];
  const child = batch({
    element: 'carryForwardInvoice',
    id: '2',
    jobId: null,
    status: 'Success',
    successCount: 10,
    failCount: failed,
  });
  const answer = batch({ id: '1', jobId: 'AUG_2020_INIT', status: null, children: [child] });
  const client = {
    longestCallMs: () => 0,
    openAhead: () => undefined,
    init: async () => {
      asked.push('init');
      return { outcome: 'answered', value: answer };
    },
    status: async ({ id }: { readonly id?: string }) => (id === '1' ? answer : null),
    create: async () => {
      asked.push('create');
      throw new Error('it went on');
    },
  } as unknown as Client;
  const run = {
    context,
    client,
    journal: memoryJournal(emptyState(HEADER), context.now),
    lock: null,
    emit: () => undefined,
    statusNames: {},
    recordStatus: {},
    retries: 0,
    settle: { initMs: 0, otherMs: 0 },
    urls: null,
  } as unknown as Run;
  const app = {
    context,
    ui: await uiFor(context),
    globals: { timeoutMs: 60_000 },
    soFar: () => undefined,
  } as unknown as App;
  const options = {
    concurrency: 1,
    adopt: false,
    next: false,
    watch: {
      cadence: { fixedMs: null },
      maxWaitMs: null,
      patienceMs: 0,
      download: null,
      notify: null,
      notifyUrl: null,
      metrics: null,
    },
  } as unknown as StepOptions;
  const customers = [
    { kind: 'customer', file: source(), jobId: 'AUG_2020_CUS', action: 'new', exact: false, replaces: [] },
  ] as const;
  const init = {
    jobId: 'AUG_2020_INIT',
    carryForwardInvoices: true,
    carryForwardCreditMemos: true,
    carryForwardDebitMemos: true,
    zeroOutCustomerBalance: false,
  };
  const end = await runMonth(
    {
      app,
      run,
      options,
      folder: 'AUG_2020',
      fetchTo: '/nowhere/AUG_2020',
      readCounts: async (): Promise<CommandResult['batches']> => [],
    },
    { init, customers, invoices: [], accepted },
  ).catch((error: unknown) => ({ stopped: error instanceof Error ? error : null }));
  return { asked, stopped: end.stopped?.message ?? null };
}

describe('run, after the init,', () => {
  it('does not start customers when more records failed than the plan accepts', async () => {
    expect(await month(3, 2)).toEqual({
      asked: ['init'],
      stopped: 'Stopped after init: 3 records failed, and the plan accepts 2 (accept.failedRecords).',
    });
  });

  it('continues when the plan accepts them', async () => {
    expect(await month(3, 3)).toEqual({ asked: ['init', 'create'], stopped: 'it went on' });
  });
});
