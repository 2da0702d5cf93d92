import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { tempDir } from '../helpers/context.ts';
import { COUNT_IO } from '../helpers/programs.ts';
import { calls, EBILL, type Machine, machine, month, sandbox } from './harness.ts';

// The cost of a load in counts: requests, flushes to disk, bytes read of each file. A change that costs more has to be made here too.

interface Counted {
  readonly code: number | null;
  readonly requests: readonly string[];
  /** By the extension of what was made safe; `folder` for a new name in one. */
  readonly syncs: Readonly<Record<string, number>>;
  /** Bytes. */
  readonly read: number;
}

async function counted(at: Machine, server: Sandbox, args: readonly string[]): Promise<Counted> {
  const out = join(tempDir(), 'counted.json');
  const before = server.requests.length;
  const { code, stderr } = await at.run(args, {
    entry: EBILL,
    env: { NODE_OPTIONS: `--require ${COUNT_IO}`, EBILL_TEST_COUNTED: out },
  });
  expect(stderr).not.toContain('internal');
  const { syncs, read } = JSON.parse(readFileSync(out, 'utf8')) as Pick<Counted, 'syncs' | 'read'>;
  return { code, requests: calls(server, true).slice(before), syncs, read };
}

const costs =
  (at: Machine, server: Sandbox) =>
  async (...args: string[]): Promise<Omit<Counted, 'code' | 'read'>> => {
    const { code, requests, syncs } = await counted(at, server, args);
    expect(code).toBe(0);
    return { requests: [...requests].sort(), syncs };
  };

describe.skipIf(process.platform !== 'linux')('a load', () => {
  it('sends each request once, and flushes the journal at most once for each line', async () => {
    // Nothing is final while this runs.
    const server = await sandbox({ processingTimeMs: 3_600_000 });
    const at = machine(server);
    const cost = costs(at, server);
    await month(at, { itemFiles: 3 });
    // One question, since another machine may have started the load. Of the journal: header, intent and answer. Of folders: two new
    // ones, the journal's own name, and that of the file which names the current load.
    expect(await cost('init', '--job', 'J')).toEqual({
      requests: ['init J_INIT', 'status J_INIT'],
      syncs: { '.jsonl': 3, '.part': 1, folder: 6 },
    });
    expect(await cost('upload', 'customer', 'CUS_AUG_2020.csv')).toEqual({
      requests: ['create J_CUS', 'put J_CUS', 'status J_CUS'],
      // Opening a journal flushes its folder: the process that made the journal may have died before it did.
      syncs: { '.jsonl': 5, folder: 1 },
    });
    const upload = await cost('upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv');
    const sent = ['J_INV', 'J_ITM_1', 'J_ITM_2', 'J_ITM_3'];
    expect(upload.requests).toEqual([
      ...sent.map((jobId) => `create ${jobId}`),
      ...sent.map((jobId) => `put ${jobId}`),
      // Nobody else can have put items under an invoice batch that was just created.
      'status J_INV',
    ]);
    // Files under way at once share a flush.
    expect(upload.syncs['.jsonl']).toBeLessThanOrEqual(4 * sent.length);
    expect(Object.keys(upload.syncs).sort()).toEqual(['.jsonl', 'folder']);
    expect(upload.syncs['folder']).toBe(1);
    expect(await cost('finalize')).toEqual({
      requests: ['finalize J_CUS', 'finalize J_INV', 'status J_CUS', 'status J_INV'],
      syncs: { '.jsonl': 6, folder: 1 },
    });
    // An answer is kept where it tells something new.
    const asked = { requests: ['status J_CUS', 'status J_INIT', 'status J_INV'], syncs: { folder: 1 } };
    expect((await cost('status')).requests).toEqual(asked.requests);
    expect(await cost('status')).toEqual(asked);
  });

  it('stops polling final batches, except parts of an init that can still run', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox({ processingTimeMs: 0 });
    const at = machine(server);
    const cost = costs(at, server);
    await month(at, { itemFiles: 3 });
    await at.call(['init', '--job', 'J']);
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv']);
    await at.call(['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv']);
    await at.call(['finalize']);
    expect((await at.call(['watch'])).code).toBe(0);
    expect(await cost('watch')).toEqual({ requests: ['status J_INIT'], syncs: { folder: 1 } });
    expect(await cost('status')).toEqual({
      requests: ['status J_CUS', 'status J_INIT', 'status J_INV'],
      syncs: { folder: 1 },
    });
    const fetched = ['J_CUS', 'J_INV', 'J_ITM_1', 'J_ITM_2', 'J_ITM_3'];
    // Each result's own name, the new folder they are in, and the journal's.
    const { requests, syncs } = await cost('results');
    expect({ requests, syncs: { ...syncs, '.jsonl': 'some' } }).toEqual({
      requests: [
        ...fetched.map((jobId) => `download ${jobId}`),
        'status J_CUS',
        'status J_INIT',
        'status J_INV',
      ],
      syncs: { '.jsonl': 'some', '.part': fetched.length, folder: fetched.length + 2 },
    });
    // Files under way at once share a flush.
    expect(syncs['.jsonl']).toBeLessThanOrEqual(fetched.length);
  });

  it('reads a file twice: to check it and to send it', async () => {
    const server = await sandbox();
    const read = async (rows: number): Promise<number> => {
      const at = machine(server);
      writeFileSync(join(at.cwd, 'cus.csv'), `Account Number,Name\n${'1234567,Some name\n'.repeat(rows)}`);
      const job = `J${rows}`;
      await at.call(['init', '--job', job]);
      return (await counted(at, server, ['upload', 'customer', 'cus.csv', '--job', job])).read;
    };
    const more = 30_000;
    const growth = (await read(2 * more)) - (await read(more));
    const bytes = more * '1234567,Some name\n'.length;
    expect(growth).toBeGreaterThan(1.99 * bytes);
    expect(growth).toBeLessThan(2.01 * bytes);
  });
});
