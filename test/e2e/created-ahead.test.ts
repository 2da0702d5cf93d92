import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { calls, type Machine, machine, sandbox } from './harness.ts';

// While files are sent, the batches of the next ones are created.

const ITEMS = Array.from({ length: 12 }, (_, i) => `itm_${String(i + 1).padStart(2, '0')}.csv`);
const UPLOAD = ['upload', 'invoice', 'inv.csv', '--items', ...ITEMS, '--job', 'AUG'];

async function started(
  faults: readonly string[],
  duplicates: 'reissue' | 'refuse' = 'refuse',
): Promise<{ server: Sandbox; at: Machine }> {
  const server = await sandbox({ faults, duplicates });
  const at = machine(server);
  writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice Number,Account Number,Amount\n1,1,12.00\n');
  for (const [i, name] of ITEMS.entries())
    writeFileSync(join(at.cwd, name), `Invoice Number,Line,Amount\n1,${i},1.00\n`);
  expect((await at.call(['init', '--job', 'AUG'])).code).toBe(0);
  return { server, at };
}

const countOf = (server: Sandbox, call: string): number =>
  calls(server).filter((one) => one.startsWith(`${call} AUG_ITM`)).length;

/** The batches of items, in order: how often each was created, and whether its file is there. */
function itemBatches(server: Sandbox): readonly string[] {
  return server
    .snapshot()
    .batches.filter(({ jobId }) => jobId?.includes('_ITM_'))
    .map(({ jobId }) => jobId ?? '');
}

describe('batches created while files are sent', () => {
  it('leave at most four unused drafts after a kill, which the next run uses', async () => {
    const hanging = [1, 2, 3, 4].map((n) => `put:items@${n}=hang`);
    const { server, at } = await started(hanging, 'reissue');
    const fourHang = async (): Promise<void> => {
      while (countOf(server, 'put') < 4 || countOf(server, 'create') < 8) await delay(5);
      // Time enough for a ninth, if there were one.
      await delay(100);
    };
    await at.run(UPLOAD, { killWhen: fourHang() });
    expect([countOf(server, 'put'), countOf(server, 'create')]).toEqual([4, 8]);
    expect(itemBatches(server)).toHaveLength(8);

    expect((await at.call([...UPLOAD, '--finalize', '--wait'])).code).toBe(0);
    // Each file has one batch, and each batch one file; the eight drafts got theirs.
    expect(itemBatches(server)).toEqual(ITEMS.map((_, i) => `AUG_ITM_${i + 1}`));
    expect([countOf(server, 'put') - 4, countOf(server, 'create') - 8]).toEqual([12, 12]);
    const status = await at.call(['status', '--job', 'AUG', '--json']);
    const [, invoice] = status.json.batches;
    expect(invoice?.children.map(({ jobId, phase, recordsSent }) => [jobId, phase, recordsSent])).toEqual(
      ITEMS.map((_, i) => [`AUG_ITM_${i + 1}`, 'succeeded', 1]),
    );
  });

  it('get their files although another create failed, so that the next run needs no operator', async () => {
    const { server, at } = await started(['create:items@5=status:503']);
    expect((await at.call([...UPLOAD, '--retries', '0'])).code).toBe(6);
    expect(countOf(server, 'put')).toBe(itemBatches(server).length);
    expect(countOf(server, 'create')).toBeLessThan(ITEMS.length);
    // This server issues no second URL for a draft.
    expect((await at.call([...UPLOAD, '--finalize', '--wait'])).code).toBe(0);
    expect(countOf(server, 'put')).toBe(ITEMS.length);
  });

  it('--concurrency 1 creates none ahead', async () => {
    const { server, at } = await started([]);
    expect((await at.call([...UPLOAD, '--concurrency', '1'])).code).toBe(0);
    const sent = ['AUG_INV', ...ITEMS.map((_, i) => `AUG_ITM_${i + 1}`)];
    expect(calls(server).slice(1)).toEqual(sent.flatMap((jobId) => [`create ${jobId}`, `put ${jobId}`]));
  });
});

describe('a long check', () => {
  it('that finds a mistake at its end has sent nothing by then', async () => {
    const server = await sandbox();
    const at = machine(server);
    const rows = '1234567,Some name\n'.repeat(1_100_000);
    writeFileSync(join(at.cwd, 'cus.csv'), `Number,Text\n${rows}1234567\n`);
    expect((await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG'])).code).toBe(2);
    expect(calls(server, true)).toEqual([]);
  });
});
