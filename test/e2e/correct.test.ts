import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { typed } from '../helpers/command-line.ts';
import { type Batch, calls, type Machine, machine, sandbox } from './harness.ts';

const JOB = ['--job', 'AUG_2020'];
const file = (at: Machine, name: string): string => join(at.cwd, 'AUG_2020', name);
const read = (at: Machine, name: string): string => readFileSync(file(at, name), 'utf8');
/** Changes a rejects file as the operator does. */
const edit = (at: Machine, name: string, from: string, to: string): void => {
  const text = read(at, name);
  expect(text).toContain(from);
  writeFileSync(file(at, name), text.replace(from, to));
};
const all = (batches: readonly Batch[]): readonly Batch[] =>
  batches.flatMap((batch) => [batch, ...all(batch.children)]);
const nets = (batches: readonly Batch[]): unknown[] =>
  all(batches)
    .filter(({ kind }) => ['customer', 'invoice', 'items'].includes(kind))
    .map((batch) => [
      batch.jobId,
      batch.recordsSent,
      batch.successCount,
      (batch as unknown as { corrects: unknown }).corrects,
      (batch as unknown as { open: unknown }).open,
      batch.outcome,
    ]);

const CUSTOMERS = 'Account Number,Name\r\n1,Ann\r\n,Bob\r\n3,Cy\r\n3,Di\r\n5,Ed\r\n';

/** Customers that are final, two of them rejected: an empty key, and one that occurs twice. */
async function rejected(server: Sandbox, text = CUSTOMERS): Promise<Machine> {
  const at = machine(server);
  writeFileSync(join(at.cwd, 'cus.csv'), text);
  const up = await at.call(['upload', 'customer', 'cus.csv', ...JOB, '--wait']);
  expect(up.code).toBe(3);
  expect((await at.call(['results', ...JOB, '--rejects'])).code).toBe(0);
  return at;
}

/** Corrects both records. */
function both(at: Machine, bob = '2,Bob', di = '4,Di'): void {
  edit(at, 'AUG_2020_CUS_rejects.csv', ',Bob', bob);
  edit(at, 'AUG_2020_CUS_rejects.csv', '3,Di', di);
}

describe('ebill correct', () => {
  it('loads corrected rejects as a correction, nets them, and closes the load', async () => {
    const server = await sandbox();
    const at = await rejected(server);
    both(at);
    const done = await at.call(['correct', ...JOB, '--json']);
    expect([done.stderr, done.code]).toEqual([expect.stringContaining('corrects AUG_2020_CUS'), 0]);
    expect([done.json.outcome, done.json.error, nets(done.json.batches)]).toEqual([
      'succeeded',
      null,
      [
        ['AUG_2020_CUS', 5, 3, null, 0, 'succeeded'],
        ['AUG_2020_CUS_2', 2, 2, 'AUG_2020_CUS', 0, 'succeeded'],
      ],
    ]);
    // Every command says so.
    const { length } = calls(server);
    for (const line of [['status', '--exit-status'], ['watch'], ['results'], ['report'], ['loads']]) {
      const said = await at.call([...line, '--json', ...(line[0] === 'loads' ? [] : JOB)]);
      const { outcome, loads } = said.json as unknown as { outcome: string; loads?: { outcome: string }[] };
      expect([line, said.code, loads?.[0]?.outcome ?? outcome]).toEqual([line, 0, 'succeeded']);
    }
    const shown = await at.call(['status', ...JOB]);
    expect(shown.stdout).toContain('corrected');
    expect(shown.stdout).toContain('5 customers: 3 loaded at once, 2 after correction, 0 open');
    // Typed twice, it sends once.
    expect((await at.call(['correct', ...JOB])).code).toBe(0);
    expect(calls(server)).toHaveLength(length);
  });

  it('corrects what is rejected again, and settles the rest by a waiver', async () => {
    const server = await sandbox();
    const at = await rejected(server);
    edit(at, 'AUG_2020_CUS_rejects.csv', ',Bob', '2,Bob');
    // Still without a key.
    edit(at, 'AUG_2020_CUS_rejects.csv', '3,Di', ',Dinah');
    const first = await at.call(['correct', ...JOB, '--json']);
    expect([first.code, first.json.error?.code, nets(first.json.batches)]).toEqual([
      3,
      'PARTIAL',
      [
        ['AUG_2020_CUS', 5, 3, null, 1, 'partial'],
        ['AUG_2020_CUS_2', 2, 1, 'AUG_2020_CUS', 1, 'partial'],
      ],
    ]);
    expect(read(at, 'AUG_2020_CUS_2_rejects.csv')).toBe('Account Number,Name\r\n,Dinah\r\n');
    const { length } = calls(server);
    const same = await at.call(['correct', ...JOB, '--json']);
    expect([same.code, same.json.error?.code]).toEqual([2, 'INVALID_FILE']);
    expect(same.json.error?.message).toContain('Unchanged');
    expect(same.json.error?.message).toContain('AUG_2020_CUS_2_rejects.csv');
    expect(calls(server)).toHaveLength(length);
    edit(at, 'AUG_2020_CUS_2_rejects.csv', ',Dinah', ',Dina');
    const second = await at.call(['correct', ...JOB, '--json']);
    expect([second.code, nets(second.json.batches)]).toEqual([
      3,
      [
        ['AUG_2020_CUS', 5, 3, null, 1, 'partial'],
        ['AUG_2020_CUS_2', 2, 1, 'AUG_2020_CUS', 1, 'partial'],
        ['AUG_2020_CUS_3', 1, 0, 'AUG_2020_CUS_2', 1, 'partial'],
      ],
    ]);
    const placeholder = ['correct', ...JOB, '--waive', 'AUG_2020_CUS_3:2', '--reason', 'TEXT'];
    expect((await at.call(placeholder)).code).toBe(2);
    const bare = await at.call(['correct', ...JOB, '--waive', 'AUG_2020_CUS_3:2']);
    expect(bare.code).toBe(2);
    const reason = ['--reason', 'Dina has left'];
    expect((await at.call(['correct', ...JOB, '--waive', 'AUG_2020_CUS_3:3', ...reason])).code).toBe(2);
    expect((await at.call(['correct', ...JOB, '--waive', 'AUG_2020_CUS:2', ...reason])).code).toBe(3);
    const waived = await at.call(['correct', ...JOB, '--waive', 'AUG_2020_CUS_3:2', ...reason, '--json']);
    expect([waived.code, waived.json.outcome]).toEqual([0, 'succeeded']);
    const again = await at.call(['correct', ...JOB, '--waive', 'AUG_2020_CUS_3', ...reason]);
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('nothing is left to settle')]);
    expect(again.stdout).toContain('5 customers: 3 loaded at once, 1 after correction, 1 waived, 0 open');
    const history = await at.call(['loads', 'show', 'AUG_2020']);
    expect(history.stdout).toContain('Dina has left');
    expect((await at.call(['report', ...JOB])).code).toBe(0);
    expect(read(at, 'report.html')).toContain('Dina has left');
    expect((await at.call(['status', ...JOB, '--exit-status'])).code).toBe(0);
  });

  it.each<[string, (at: Machine) => void, number, string]>([
    ['an unchanged file', () => undefined, 2, 'Unchanged'],
    ['a record that is loaded', (at) => both(at, '5,Bob'), 2, '5 is loaded'],
    ['one whose key is loaded', (at) => both(at, '2,Bob', '3,Didi'), 2, '3 is loaded'],
    ['another header', (at) => edit(at, 'AUG_2020_CUS_rejects.csv', 'Name', 'Nom'), 2, 'other columns'],
    ['a record given twice', (at) => both(at, '2,Bob\r\n2,Bo'), 2, 'more often'],
    ['a broken file', (at) => both(at, '2,Bob,x'), 2, ''],
  ])('refuses %s before anything is sent', async (_what, change, code, message) => {
    const server = await sandbox();
    const at = await rejected(server);
    change(at);
    const { length } = calls(server);
    const refused = await at.call(['correct', ...JOB, '--json']);
    expect([refused.code, refused.json.error?.code]).toEqual([code, 'INVALID_FILE']);
    expect(refused.json.error?.message).toContain(message);
    expect(calls(server)).toHaveLength(length);
  });

  it('loads items with their invoice, and says which cannot be added', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(
      join(at.cwd, 'inv.csv'),
      'Invoice Number,Account Number,Amount\r\nI-1,1,1\r\n,2,2\r\nI-3,3,3\r\n',
    );
    writeFileSync(
      join(at.cwd, 'itm.csv'),
      'Invoice Number,Text,Amount\r\nI-1,a,1\r\nI-2,b,2\r\nI-3,c,2\r\nI-X,d,1\r\n',
    );
    const up = await at.call(['upload', 'invoice', 'inv.csv', '--items', 'itm.csv', ...JOB, '--wait']);
    expect(up.code).toBe(3);
    const got = await at.call(['results', ...JOB, '--rejects']);
    expect(got.stderr).toContain('ebill correct --job AUG_2020');
    edit(at, 'AUG_2020_INV_rejects.csv', ',2,2', 'I-2,2,2');
    edit(at, 'AUG_2020_ITM_1_rejects.csv', 'I-X', 'I-3');
    const before = read(at, 'AUG_2020_ITM_1_rejects.csv');
    const done = await at.call(['correct', ...JOB, '--json']);
    expect(done.stderr).toContain('cannot be added');
    expect([done.code, nets(done.json.batches)]).toEqual([
      3,
      [
        ['AUG_2020_INV', 3, 2, null, 0, 'partial'],
        ['AUG_2020_ITM_1', 4, 2, null, 1, 'partial'],
        ['AUG_2020_INV_2', 1, 1, 'AUG_2020_INV', 0, 'succeeded'],
        ['AUG_2020_ITM_2', 1, 1, 'AUG_2020_ITM_1', 0, 'succeeded'],
      ],
    ]);
    expect(read(at, 'AUG_2020_ITM_1_rejects.csv')).toBe(before);
    const { length } = calls(server);
    expect((await at.call(['correct', ...JOB])).code).toBe(3);
    expect(calls(server)).toHaveLength(length);
    const line = [
      'correct',
      ...JOB,
      '--waive',
      'AUG_2020/AUG_2020_ITM_1_rejects.csv',
      '--reason',
      'credited',
    ];
    expect((await at.call(line)).code).toBe(0);
    expect(calls(server)).toHaveLength(length);
    expect((await at.call(['status', ...JOB, '--exit-status'])).code).toBe(0);
  });

  it('loads items with their invoice when that is corrected only in a second round, and each once', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox();
    const at = machine(server);
    const header = 'Invoice Number,Account Number,Amount\r\n';
    writeFileSync(join(at.cwd, 'inv.csv'), `${header}I-1,1,1\r\n,2,2\r\n,3,3\r\n`);
    const text = 'Invoice Number,Text,Amount\r\nI-1,a,1\r\nI-2,b,2\r\nI-3,c,3\r\n';
    writeFileSync(join(at.cwd, 'itm.csv'), text);
    const up = await at.call(['upload', 'invoice', 'inv.csv', '--items', 'itm.csv', ...JOB, '--wait']);
    expect(up.code).toBe(3);
    expect((await at.call(['results', ...JOB, '--rejects'])).code).toBe(0);
    edit(at, 'AUG_2020_INV_rejects.csv', ',2,2', 'I-2,2,2');
    const first = await at.call(['correct', ...JOB]);
    expect([first.code, first.stderr]).toEqual([3, expect.stringContaining('(line 3) was not sent')]);
    // It is not settled before its invoice.
    expect(first.stderr).not.toContain('AUG_2020_ITM_1_rejects.csv --reason');
    edit(at, 'AUG_2020_INV_2_rejects.csv', ',3,3', 'I-3,3,3');
    const second = await at.call(['correct', ...JOB, '--json']);
    expect([second.code, nets(second.json.batches)]).toEqual([
      0,
      [
        ['AUG_2020_INV', 3, 1, null, 0, 'succeeded'],
        ['AUG_2020_ITM_1', 3, 1, null, 0, 'succeeded'],
        ['AUG_2020_INV_2', 2, 1, 'AUG_2020_INV', 0, 'succeeded'],
        ['AUG_2020_ITM_2', 1, 1, 'AUG_2020_ITM_1', 0, 'succeeded'],
        ['AUG_2020_INV_3', 1, 1, 'AUG_2020_INV_2', 0, 'succeeded'],
        ['AUG_2020_ITM_3', 1, 1, 'AUG_2020_ITM_1', 0, 'succeeded'],
      ],
    ]);
    const { length } = calls(server);
    expect((await at.call(['correct', ...JOB])).code).toBe(0);
    expect(calls(server)).toHaveLength(length);
  });

  it('refuses a new record where the file of another batch, which may hold it, is gone', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'more.csv'), 'Account Number,Name\r\n7,Gus\r\n');
    expect((await at.call(['upload', 'customer', 'more.csv', ...JOB, '--wait'])).code).toBe(0);
    writeFileSync(join(at.cwd, 'cus.csv'), CUSTOMERS);
    expect((await at.call(['upload', 'customer', 'cus.csv', ...JOB, '--wait'])).code).toBe(3);
    expect((await at.call(['results', ...JOB, '--rejects'])).code).toBe(0);
    edit(at, 'AUG_2020_CUS_2_rejects.csv', ',Bob', '7,Gus');
    edit(at, 'AUG_2020_CUS_2_rejects.csv', '3,Di', '4,Di');
    const kept = readFileSync(join(at.cwd, 'more.csv'));
    writeFileSync(join(at.cwd, 'more.csv'), 'edited since');
    const before = calls(server);
    const got = await at.call(['correct', ...JOB, '--json']);
    expect([got.code, got.json.error]).toMatchObject([
      8,
      { code: 'CONFLICT', message: expect.stringContaining('AUG_2020_CUS is gone or was changed') },
    ]);
    writeFileSync(join(at.cwd, 'more.csv'), kept);
    const found = await at.call(['correct', ...JOB, '--json']);
    expect([found.code, found.json.error?.message]).toEqual([
      2,
      expect.stringContaining('it would be loaded twice'),
    ]);
    expect(calls(server)).toEqual(before);
  });

  it('is what the advice after --rejects and the next step name', async () => {
    const server = await sandbox();
    const at = await rejected(server);
    const got = await at.call(['results', ...JOB, '--rejects']);
    const line = got.stderr.split('\n').find((one) => one.startsWith('ebill correct')) ?? '';
    both(at);
    const home = await at.call(['--json']);
    expect((home.json as unknown as { next: { command: string } }).next.command).toBe(line);
    const dry = await at.call([...typed(line), '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('AUG_2020_CUS_2')]);
    expect(existsSync(file(at, 'AUG_2020_CUS_correction_1.csv'))).toBe(false);
    expect((await at.call(typed(line))).code).toBe(0);
  });

  it('lets a run go on that stopped because of rejects, and ends it with 0', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), CUSTOMERS);
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice Number,Account Number\r\nI-1,1\r\n,2\r\n');
    const plan = 'job: AUG_2020\ninit: {}\ncustomers: [cus.csv]\ninvoices: [{ file: inv.csv }]\n';
    writeFileSync(join(at.cwd, 'plan.yaml'), plan);
    const run = ['run', 'plan.yaml', '--interval', '1s'];
    const stopped = await at.call([...run, '--json']);
    expect(stopped.code).toBe(3);
    expect(stopped.json.error?.hint).toContain('ebill correct --job AUG_2020');
    both(at);
    expect((await at.call(['correct', ...JOB])).code).toBe(0);
    const partial = await at.call([...run, '--json']);
    expect([partial.code, partial.json.error?.code]).toEqual([3, 'PARTIAL']);
    expect(partial.json.error?.hint).toMatch(/\nebill correct --job AUG_2020$/);
    edit(at, 'AUG_2020_INV_rejects.csv', ',2', 'I-2,2');
    expect((await at.call(['correct', ...JOB])).code).toBe(0);
    const { length } = calls(server);
    const done = await at.call([...run, '--json']);
    expect([done.code, done.json.outcome]).toEqual([0, 'succeeded']);
    expect(calls(server)).toHaveLength(length);
    const page = read(at, 'report.html');
    expect(page).toContain('corrects AUG_2020_INV');
    expect(page).toContain('2 invoices: 1 loaded at once, 1 after correction, 0 open');
  });

  it('takes a folder, a file and a batch, and refuses an unknown file', async () => {
    const server = await sandbox();
    const at = await rejected(server);
    both(at);
    writeFileSync(join(at.cwd, 'other.csv'), 'Account Number,Name\r\n2,Bob\r\n');
    expect((await at.call(['correct', 'other.csv', ...JOB])).code).toBe(2);
    const all = [['AUG_2020'], ['AUG_2020/AUG_2020_CUS_rejects.csv']];
    for (const given of all) {
      const dry = await at.call(['correct', ...given, ...JOB, '--dry-run', '--json']);
      expect([given, dry.code, dry.json.requests?.length]).toEqual([given, 0, 3]);
    }
    const one = await at.call(['correct', '--job-id', 'AUG_2020_CUS', '--json']);
    expect([one.code, one.json.outcome]).toEqual([0, 'succeeded']);
  });
});
