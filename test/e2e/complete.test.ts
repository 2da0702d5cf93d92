import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { startMonth } from '../faults/killed.ts';
import { typed } from '../helpers/command-line.ts';
import { type Machine, machine, month, sandbox } from './harness.ts';

const INVOICE = [
  'upload',
  'invoice',
  'INV_AUG_2020.csv',
  '--items',
  'ITM_AUG_2020_1.csv',
  'ITM_AUG_2020_2.csv',
];
const ITEMS_2 = 'ITM_AUG_2020_2.csv';

async function started(faults: readonly string[] = []): Promise<{ at: Machine; server: Sandbox }> {
  const server = await sandbox({ duplicates: 'reissue', faults });
  const at = machine(server);
  await month(at, { records: 4, itemFiles: 2 });
  expect((await at.call(['init', '--job', 'AUG_2020'])).code).toBe(0);
  return { at, server };
}

/** The finalized files on the server, with their batches. */
const loaded = (server: Sandbox): string[] =>
  server
    .snapshot()
    .batches.filter((batch) => batch.inputFilename !== null && batch.finalizeCount > 0)
    .map(({ jobId, inputFilename, sha256 }) => `${jobId} ${inputFilename}${sha256 === null ? ' empty' : ''}`)
    .sort();

const WHOLE = [
  'AUG_2020_INV INV_AUG_2020.csv',
  'AUG_2020_ITM_1 ITM_AUG_2020_1.csv',
  'AUG_2020_ITM_2 ITM_AUG_2020_2.csv',
];

describe('an invoice batch and its items (api rule 28)', () => {
  it.each([
    ['before its items are created', 'create:items@1-=reset-before', []],
    ['after its first item', 'create:items@2-=reset-before', ['--concurrency', '1']],
    ['at an item that is refused', 'put:items@2=status:403', ['--concurrency', '1']],
  ])(
    'an invoice call broken off %s: finalize refuses, and what it names goes on',
    async (_when, fault, more) => {
      const { at, server } = await started([fault.replace('@1-', '@1').replace('@2-', '@2')]);
      const broken = await at.call([...INVOICE, '--retries', '0', ...more]);
      expect(broken.code).toBeGreaterThan(0);
      const refused = await at.call(['finalize', '--json']);
      expect(refused.code).toBe(8);
      expect(refused.json.error?.message).toContain('(ITM_AUG_2020_');
      expect(loaded(server)).toEqual([]);
      const next = (await at.call(['--json'])).json['next'] as { command: string };
      expect(next.command).toBe(`ebill ${INVOICE.join(' ')} --job AUG_2020`);
      expect(refused.json.error?.hint).toContain(next.command);
      expect((await at.call(typed(next.command))).code).toBe(0);
      const done = await at.call(['finalize']);
      expect([done.code, done.stderr]).toEqual([
        0,
        expect.stringContaining('items AUG_2020_ITM_2: ITM_AUG_2020_2.csv, '),
      ]);
      expect(loaded(server)).toEqual(WHOLE);
    },
  );

  it('a process killed right after its call is on record has sent nothing, and forgets nothing', async () => {
    const { at, server } = await started();
    const { signal } = await startMonth({ at, server }, { at: 1, how: 'synced' }, [INVOICE]).ended;
    expect([signal, server.requests.filter(({ call }) => call === 'create').length]).toEqual(['SIGKILL', 0]);
    expect((await at.call(['finalize'])).code).toBe(8);
    const { command } = (await at.call(['--json'])).json['next'] as { command: string };
    expect((await at.call([...typed(command), '--finalize'])).code).toBe(0);
    expect(loaded(server)).toEqual(WHOLE);
  });

  it('a finalize in doubt does not hide an item that came later and did not arrive', async () => {
    const { at, server } = await started(['finalize@1=reset-before', 'put:items@2=status:403']);
    const one = INVOICE.slice(0, -1);
    expect((await at.call([...one, '--finalize', '--retries', '0'])).code).toBe(6);
    expect((await at.call(['upload', 'items', ITEMS_2, '--job', 'AUG_2020'])).code).toBe(9);
    const refused = await at.call(['finalize', '--json']);
    expect([refused.code, refused.json.error?.message]).toEqual([8, expect.stringContaining(ITEMS_2)]);
    expect(refused.json.error?.hint).toContain(
      `ebill upload items ${ITEMS_2} --job AUG_2020 --parent-job-id AUG_2020_INV`,
    );
    expect(loaded(server)).toEqual([]);
    const next = (await at.call(['--json'])).json['next'] as { command: string };
    expect(refused.json.error?.hint).toContain(next.command);
    for (const line of [typed(next.command), ['finalize']]) expect((await at.call(line)).code).toBe(0);
    expect(loaded(server)).toEqual(WHOLE);
  });

  it('an item file under two invoice batches is pointed out, and --leave-out takes the older one away', async () => {
    const { at, server } = await started();
    expect((await at.call(INVOICE)).code).toBe(0);
    writeFileSync(
      join(at.cwd, 'INV_V2.csv'),
      readFileSync(join(at.cwd, 'INV_AUG_2020.csv'), 'utf8').replace(/\r?\n[^\n]*\n?$/, '\n'),
    );
    const second = await at.call(['upload', 'invoice', 'INV_V2.csv', ...INVOICE.slice(3), '--no-validate']);
    expect([second.code, second.stderr]).toEqual([
      0,
      expect.stringContaining(
        'If AUG_2020_INV_2 replaces AUG_2020_INV, finalize with --leave-out AUG_2020_INV',
      ),
    ]);
    expect((await at.call(['finalize', '--leave-out', 'AUG_2020_INV'])).code).toBe(0);
    expect(loaded(server)).toEqual([
      'AUG_2020_INV_2 INV_V2.csv',
      'AUG_2020_ITM_3 ITM_AUG_2020_1.csv',
      'AUG_2020_ITM_4 ITM_AUG_2020_2.csv',
    ]);
  });

  it('items of an invoice batch of another load are refused there, and what is named loads them once', async () => {
    const { at, server } = await started(['put:items@2=status:403']);
    expect((await at.call([...INVOICE, '--concurrency', '1'])).code).toBe(9);
    const before = server.requests.length;
    const { id } = server.snapshot().batches.find(({ jobId }) => jobId === 'AUG_2020_INV') ?? {};
    for (const parent of [
      ['--parent-id', String(id)],
      ['--parent-job-id', 'AUG_2020_INV'],
    ]) {
      const other = await at.call(['upload', 'items', ITEMS_2, ...parent, '--job', 'SEP_2020', '--json']);
      expect([other.code, other.json.error?.hint]).toEqual([
        2,
        expect.stringContaining('--parent-job-id AUG_2020_INV --job AUG_2020'),
      ]);
    }
    expect(server.requests).toHaveLength(before);
    const own = ['upload', 'items', ITEMS_2, '--parent-job-id', 'AUG_2020_INV', '--job', 'AUG_2020'];
    expect((await at.call([...own, '--finalize'])).code).toBe(0);
    expect(loaded(server)).toEqual(WHOLE);
  });

  it('another load does not finalize an invoice whose own journal waits for an item', async () => {
    const { at, server } = await started(['put:items[AUG_2020_ITM_2]@1=status:403']);
    expect((await at.call([...INVOICE, '--concurrency', '1'])).code).toBe(9);
    writeFileSync(join(at.cwd, 'more.csv'), readFileSync(join(at.cwd, ITEMS_2), 'utf8').replace('1', '7'));
    const line = [
      'upload',
      'items',
      'more.csv',
      '--parent-job-id',
      'AUG_2020_INV',
      '--job',
      'FIX',
      '--adopt',
    ];
    expect((await at.call(line)).code).toBe(0);
    for (const way of [
      ['--job', 'FIX'],
      ['--job-id', 'AUG_2020_INV'],
    ]) {
      const refused = await at.call(['finalize', ...way, '--json']);
      expect([refused.code, refused.json.error?.message]).toEqual([8, expect.stringContaining(ITEMS_2)]);
    }
    expect(loaded(server)).toEqual([]);
  });

  it('a corrected invoice file with --next replaces the old batch and takes its items along', async () => {
    const { at, server } = await started();
    expect((await at.call(INVOICE)).code).toBe(0);
    const path = join(at.cwd, 'INV_AUG_2020.csv');
    writeFileSync(path, `${readFileSync(path, 'utf8').trimEnd()}\n`.replace(/\n$/, '\r\n'));
    const conflict = await at.call([...INVOICE, '--json']);
    expect([conflict.code, conflict.json.error?.hint]).toEqual([8, expect.stringContaining('left behind')]);
    expect((await at.call([...INVOICE, '--next'])).code).toBe(0);
    expect((await at.call([...INVOICE, '--next'])).code).toBe(0);
    expect((await at.call(['finalize'])).code).toBe(0);
    expect(loaded(server)).toEqual([
      'AUG_2020_INV_2 INV_AUG_2020.csv',
      'AUG_2020_ITM_3 ITM_AUG_2020_1.csv',
      'AUG_2020_ITM_4 ITM_AUG_2020_2.csv',
    ]);
  });

  it('--next does not replace a batch that another machine finalized meanwhile: its records would load twice', async () => {
    const { at, server } = await started();
    expect((await at.call(INVOICE)).code).toBe(0);
    const path = join(at.cwd, 'INV_AUG_2020.csv');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/\n$/, '\r\n'));
    expect((await machine(server).call(['finalize', '--job', 'AUG_2020'])).code).toBe(0);
    const refused = await at.call([...INVOICE, '--next', '--finalize', '--json']);
    expect([refused.code, refused.json.error?.message]).toEqual([
      8,
      expect.stringMatching(/as AUG_2020_INV, which is (being processed|final)\.$/),
    ]);
    // By now it is on record as finalized. The same line again does not mean it any more than before. It may be final too, and the
    // load closed: so the load is named.
    const again = await at.call([...INVOICE, '--job', 'AUG_2020', '--next', '--finalize', '--json']);
    expect([again.code, again.json.error?.message]).toEqual([8, expect.stringContaining('as AUG_2020_INV,')]);
    expect(loaded(server)).toEqual(WHOLE);
  });

  it.each([
    ['--next', true],
    ['--restart-invoice', false],
  ])(
    '%s without the item files of the batch that it replaces is refused, and what it names loads them',
    async (option, changed) => {
      const { at, server } = await started();
      expect((await at.call(INVOICE)).code).toBe(0);
      const path = join(at.cwd, 'INV_AUG_2020.csv');
      if (changed) writeFileSync(path, readFileSync(path, 'utf8').replace(/\n$/, '\r\n'));
      const line = [...INVOICE.slice(0, 3), option, '--finalize'];
      expect((await at.call([...line, '--dry-run'])).code).toBe(8);
      const refused = await at.call([...line, '--json']);
      expect([refused.code, refused.json.error?.message]).toEqual([
        8,
        expect.stringContaining(`, ${ITEMS_2}.`),
      ]);
      expect(loaded(server)).toEqual([]);
      const named = /(ebill upload .*?)\. Name a file/.exec(refused.json.error?.hint ?? '')?.[1] ?? '';
      expect((await at.call(typed(named))).code).toBe(0);
      expect(loaded(server)).toEqual([
        'AUG_2020_INV_2 INV_AUG_2020.csv',
        'AUG_2020_ITM_3 ITM_AUG_2020_1.csv',
        'AUG_2020_ITM_4 ITM_AUG_2020_2.csv',
      ]);
    },
  );

  it('--leave-out names an item file that a replaced invoice batch had and the new one does not get', async () => {
    const { at, server } = await started(['put:invoice@2=status:403']);
    expect((await at.call(INVOICE)).code).toBe(0);
    const line = [...INVOICE.slice(0, -1), '--restart-invoice', '--leave-out', ITEMS_2, '--finalize'];
    const broken = await at.call(line);
    expect([broken.code, broken.stderr]).toEqual([9, expect.stringContaining(`not loaded: ${ITEMS_2}`)]);
    expect((await at.call(line)).code).toBe(0);
    expect(loaded(server)).toEqual(['AUG_2020_INV_2 INV_AUG_2020.csv', 'AUG_2020_ITM_3 ITM_AUG_2020_1.csv']);
  });

  it('an item whose draft gets no second upload URL: every command named starts the invoice batch over with all items', async () => {
    const server = await sandbox({ duplicates: 'refuse', faults: ['put:items@2=status:403'] });
    const at = machine(server);
    await month(at, { records: 4, itemFiles: 2 });
    expect((await at.call([...INVOICE.slice(0, -1), '--job', 'AUG_2020'])).code).toBe(0);
    const items = ['upload', 'items', ITEMS_2, '--job', 'AUG_2020', '--finalize'];
    expect((await at.call(items)).code).toBe(9);
    const stuck = await at.call([...items, '--json']);
    const whole = `ebill ${INVOICE.join(' ')} --job AUG_2020 --restart-invoice --finalize`;
    expect([stuck.code, stuck.json.error?.hint]).toEqual([8, expect.stringContaining(whole)]);
    expect((await at.call(['finalize', '--json'])).json.error?.hint).toContain(whole);
    const next = (await at.call(['--json'])).json['next'] as { command: string };
    expect(next.command).toBe(whole);
    expect((await at.call(typed(whole))).code).toBe(0);
    expect(loaded(server)).toEqual([
      'AUG_2020_INV_2 INV_AUG_2020.csv',
      'AUG_2020_ITM_3 ITM_AUG_2020_1.csv',
      'AUG_2020_ITM_4 ITM_AUG_2020_2.csv',
    ]);
  });

  it('--leave-out records that a file will not come: it is not waited for, does not count, and is shown', async () => {
    const { at, server } = await started(['create:items@2=status:403']);
    expect((await at.call([...INVOICE, '--concurrency', '1'])).code).toBe(5);
    const unknown = await at.call(['finalize', '--leave-out', 'other.csv', '--json']);
    expect([unknown.code, unknown.json.error?.hint]).toEqual([
      2,
      `What may be left out: ${ITEMS_2} (AUG_2020_ITM_2).`,
    ]);
    expect((await at.call(['finalize', '--leave-out', 'ITM_AUG_2020_1.csv'])).code).toBe(8);
    const done = await at.call(['finalize', '--leave-out', ITEMS_2]);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('(AUG_2020_ITM_2) is left out')]);
    const watched = await at.call(['watch', '--json']);
    const [invoice] = watched.json.batches.filter(({ kind }) => kind === 'invoice');
    expect(invoice?.children).toMatchObject([
      { jobId: 'AUG_2020_ITM_1', phase: 'succeeded' },
      { jobId: 'AUG_2020_ITM_2', phase: 'not-run', leftOut: true, recordsSent: null },
    ]);
    expect([watched.code, watched.json.outcome]).toEqual([0, 'succeeded']);
    expect((await at.call(['status'])).stdout).toContain('left out');
    expect(loaded(server)).toEqual(WHOLE.slice(0, 2));
    expect(((await at.call(['--json'])).json['next'] as { command: string }).command).toBe(
      'ebill report --job AUG_2020',
    );
  });

  it('a draft of items left out cannot be deleted: that is said, and --restart-invoice loads without it', async () => {
    const { at, server } = await started(['put:items@2=status:403']);
    expect((await at.call([...INVOICE, '--concurrency', '1'])).code).toBe(9);
    // This server refuses an invoice batch with an empty draft under it.
    const refused = await at.call(['finalize', '--leave-out', ITEMS_2]);
    expect([refused.code, refused.stderr]).toEqual([
      9,
      expect.stringContaining('exists on the server as a draft'),
    ]);
    const without = [...INVOICE.slice(0, -1), '--restart-invoice', '--finalize'];
    expect((await at.call(without)).code).toBe(0);
    expect(loaded(server)).toEqual(['AUG_2020_INV_2 INV_AUG_2020.csv', 'AUG_2020_ITM_3 ITM_AUG_2020_1.csv']);
    expect((await at.call(['watch'])).code).toBe(0);
  });
});

describe('--again, --next and --restart-invoice resume (commands rule 2)', () => {
  it.each(['create:customer@2', 'put:customer@2', 'finalize:customer@2'])(
    '--again broken off at %s makes no third batch',
    async (where) => {
      const { at, server } = await started([`${where}=status:403`]);
      const line = [
        'upload',
        'customer',
        'CUS_AUG_2020.csv',
        '--job',
        'AUG_2020',
        '--wait',
        '--interval',
        '1s',
      ];
      expect((await at.call(line)).code).toBe(0);
      const again = [...line, '--again', '--job', 'AUG_2020'];
      expect((await at.call(again)).code).toBeGreaterThan(0);
      expect((await at.call(again)).code).toBe(0);
      expect((await at.call(again)).code).toBe(0);
      expect(loaded(server)).toEqual(['AUG_2020_CUS CUS_AUG_2020.csv', 'AUG_2020_CUS_2 CUS_AUG_2020.csv']);
    },
  );

  it('--restart-invoice repeated goes on with the batch that it started', async () => {
    const { at, server } = await started(['put:items@3=status:403']);
    expect((await at.call(INVOICE)).code).toBe(0);
    const line = [...INVOICE, '--restart-invoice', '--concurrency', '1'];
    expect((await at.call(line)).code).toBe(9);
    expect((await at.call(line)).code).toBe(0);
    expect((await at.call(['finalize'])).code).toBe(0);
    expect(loaded(server)).toEqual([
      'AUG_2020_INV_2 INV_AUG_2020.csv',
      'AUG_2020_ITM_3 ITM_AUG_2020_1.csv',
      'AUG_2020_ITM_4 ITM_AUG_2020_2.csv',
    ]);
  });
});

describe('a machine without the journal (api rule 29)', () => {
  it('never finalizes an items batch alone, whatever it is called, and finalizes the drafts of a load', async () => {
    const { at, server } = await started();
    expect((await at.call(INVOICE)).code).toBe(0);
    const odd = ['upload', 'items', 'more.csv', '--job-id', 'ODD', '--parent-job-id', 'AUG_2020_INV'];
    writeFileSync(join(at.cwd, 'more.csv'), readFileSync(join(at.cwd, ITEMS_2), 'utf8').replace('1', '7'));
    expect((await at.call([...odd, '--job', 'AUG_2020'])).code).toBe(0);
    const other = machine(server);
    for (const [jobId, env] of [
      ['AUG_2020_ITM_1', {}],
      ['ODD', { EBILL_JOB: 'AUG_2020' }],
    ] as const) {
      const ran = await other.call(['finalize', '--job-id', jobId, '--json'], { env });
      expect([ran.code, ran.json.error?.message]).toEqual([
        2,
        `${jobId} is an items batch: it is finalized with its invoice batch, AUG_2020_INV.`,
      ]);
    }
    expect(server.snapshot().batches.some(({ finalizeAttempts }) => finalizeAttempts > 0)).toBe(false);
    const done = await other.call(['finalize', '--job', 'AUG_2020']);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('AUG_2020_INV')]);
    expect(loaded(server)).toHaveLength(4);
  });
});
