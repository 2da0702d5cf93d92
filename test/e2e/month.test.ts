import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { typed } from '../helpers/command-line.ts';
import { calls, machine, month, sandbox } from './harness.ts';

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('a month, command by command', () => {
  it('loads init, customers, invoices and items, each once, and accounts for every record', async () => {
    const server = await sandbox();
    const at = machine(server);
    const files = await month(at, { bad: 1 });

    const init = await at.call(['init', '--job', 'AUG_2020', '--json']);
    expect(init.code).toBe(0);
    expect(init.json).toMatchObject({
      command: 'init',
      profile: null,
      job: 'AUG_2020',
      outcome: 'succeeded',
      exitCode: 0,
      error: null,
    });
    expect(init.json.batches[0]).toMatchObject({ jobId: 'AUG_2020_INIT', kind: 'init', id: '1' });
    expect(
      init.json.batches[0]?.children.map((child) => [child.kind, child.phase, child.successCount]),
    ).toEqual([
      ['carryForwardInvoice', 'succeeded', 20375],
      ['carryForwardCreditMemo', 'not-run', null],
      ['carryForwardDebitMemo', 'not-run', null],
    ]);

    const customers = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--json']);
    expect(customers.code).toBe(0);
    expect(customers.json.batches).toMatchObject([
      { jobId: 'AUG_2020_CUS', kind: 'customer', phase: 'uploaded', outcome: 'uploaded', recordsSent: 17 },
    ]);
    expect(customers.stderr).toContain('load AUG_2020');

    const invoice = await at.call(['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv', '--json']);
    expect(invoice.code).toBe(0);
    expect(invoice.json.batches).toHaveLength(1);
    expect(invoice.json.batches[0]?.children.map((child) => [child.jobId, child.file, child.phase])).toEqual([
      ['AUG_2020_ITM_1', 'ITM_AUG_2020_1.csv', 'uploaded'],
      ['AUG_2020_ITM_2', 'ITM_AUG_2020_2.csv', 'uploaded'],
      ['AUG_2020_ITM_3', 'ITM_AUG_2020_3.csv', 'uploaded'],
    ]);

    const finalize = await at.call(['finalize', '--json']);
    expect(finalize.code).toBe(0);
    expect(finalize.json.outcome).toBe('queued');

    const watch = await at.call(['watch', '--json', '--download', 'what became']);
    expect(watch.code).toBe(3);
    expect(watch.json).toMatchObject({
      command: 'watch',
      outcome: 'partial',
      exitCode: 3,
      error: { code: 'PARTIAL' },
    });
    for (const batch of watch.json.batches.filter((one) => one.kind !== 'init')) {
      for (const one of [batch, ...batch.children]) {
        const expected = files.failures[one.file ?? ''] ?? 0;
        expect([one.file, one.failCount]).toEqual([one.file, expected]);
        expect((one.successCount ?? 0) + (one.failCount ?? 0)).toBe(one.recordsSent);
      }
    }
    expect(readdirSync(join(at.cwd, 'what became')).sort()).toEqual([
      'AUG_2020_CUS_result.csv',
      'AUG_2020_INV_result.csv',
      'AUG_2020_ITM_1_result.csv',
      'AUG_2020_ITM_2_result.csv',
      'AUG_2020_ITM_3_result.csv',
    ]);

    const told = server.snapshot();
    expect(told.initCount).toBe(1);
    for (const path of [...files.customers, ...files.invoices, ...files.items]) {
      const batch = told.batches.find((one) => one.inputFilename === basename(path));
      expect(batch).toMatchObject({ sha256: sha256(path), createCount: 1 });
    }
    expect(calls(server).filter((call) => call.startsWith('finalize'))).toEqual([
      'finalize AUG_2020_CUS',
      'finalize AUG_2020_INV',
    ]);
    // The invoice file first, then its items.
    const puts = calls(server).filter((call) => call.startsWith('put'));
    expect(puts.slice(0, 2)).toEqual(['put AUG_2020_CUS', 'put AUG_2020_INV']);
    expect(new Set(puts).size).toBe(5);
  });

  it('does nothing twice: each command run again sends no changing call and ends with 0', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    const lines = [
      ['init', '--job', 'AUG_2020'],
      ['upload', 'customer', 'CUS_AUG_2020.csv', '--finalize'],
      ['upload', 'invoice', 'INV_AUG_2020.csv', '--items', 'ITM*.csv', '--wait'],
      ['finalize'],
    ];
    for (const line of lines) expect((await at.call(line)).code).toBe(0);
    const before = calls(server);
    for (const line of lines) {
      const again = await at.call(line);
      expect([line, again.code]).toEqual([line, 0]);
      expect(again.stderr).toMatch(/nothing sent/);
    }
    expect(calls(server)).toEqual(before);
    expect(server.snapshot()).toMatchObject({ initCount: 1 });
    expect(server.snapshot().batches.every((batch) => batch.finalizeAttempts <= 1)).toBe(true);
  });

  it('names the part of an init that failed as the table does, and a command that shows it', async () => {
    const server = await sandbox({ faults: ['init=fail-part'] });
    const at = machine(server);
    const files = await month(at);
    const init = await at.call(['init', '--job', 'AUG_2020', '--json']);
    expect([init.code, init.json.error?.code]).toEqual([4, 'BATCH_FAILED']);
    expect(init.json.error?.message).toMatch(/^AUG_2020_INIT \(open invoices\) failed: ./);
    const [, line = ''] = /: (ebill .*)$/.exec(init.json.error?.hint ?? '') ?? [];
    expect(line).toBe('ebill status --job AUG_2020');
    expect((await at.call(typed(line))).stdout).toMatch(/open invoices.*failed/);
    const alone = await at.call(['--json']);
    expect(alone.json).toMatchObject({
      next: { command: line, why: expect.stringMatching(/^AUG_2020_INIT \(open invoices\) failed/) },
    });
    const results = await at.call(['results', '--job', 'AUG_2020']);
    expect([results.code, results.stdout]).toEqual([0, expect.stringContaining('An init never has')]);
    // An operator who goes on is not stopped, and is reminded at the end.
    await at.call(['upload', 'customer', ...files.customers, '--wait']);
    await at.call(['upload', 'invoice', ...files.invoices, '--items', ...files.items, '--wait']);
    expect((await at.call(['--json'])).json).toMatchObject({
      next: {
        command: 'ebill report --job AUG_2020',
        why: expect.stringContaining('(open invoices) failed'),
      },
    });
  });

  it.each([
    ['bare', 'refuse'],
    ['bare', 'reissue'],
    ['escaped', 'refuse'],
    ['escaped', 'reissue'],
  ] as const)(
    'loads the same with %s URLs and duplicates to %s, upload URLs expiring on the way',
    async (style, duplicates) => {
      const server = await sandbox({
        style,
        duplicates,
        faults: ['create:customer@1=expired', 'put:invoice@1=expired'],
      });
      const at = machine(server);
      const files = await month(at);
      expect((await at.call(['init', '--job', 'AUG_2020'])).code).toBe(0);
      expect((await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--wait'])).code).toBe(0);
      const invoice = await at.call([
        'upload',
        'invoice',
        'INV_AUG_2020.csv',
        '--items',
        'ITM*.csv',
        '--wait',
        '--json',
      ]);
      expect(invoice.code).toBe(0);
      const suffix = duplicates === 'refuse' ? '_2' : '';
      expect(invoice.json.batches[0]).toMatchObject({ jobId: `AUG_2020_INV${suffix}`, outcome: 'succeeded' });
      const final = server
        .snapshot()
        .batches.filter((batch) => batch.finalizeCount > 0 || batch.kind === 'items');
      expect(final.map((batch) => batch.sha256).sort()).toEqual(
        [...files.customers, ...files.invoices, ...files.items].map(sha256).sort(),
      );
      expect((await at.call(['watch'])).code).toBe(0);
    },
  );

  it('records everything it needs in the journal, and no secret', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    await at.call(['upload', 'customer', 'CUS_AUG_2020.csv']);
    const folder = join(at.home, 'loads', readdirSync(join(at.home, 'loads'))[0] ?? '');
    const journal = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    expect(journal).toHaveLength(1);
    const text = readFileSync(join(folder, journal[0] ?? ''), 'utf8');
    expect(text).not.toMatch(/X-Amz-|Signature|test-token-1/i);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ ebillJournal: 1, job: 'AUG_2020', profile: null });
    expect(lines.find((line) => line['call'] === 'create')).toMatchObject({
      type: 'intent',
      file: {
        path: join(at.cwd, 'CUS_AUG_2020.csv'),
        records: 16,
        sha256: sha256(join(at.cwd, 'CUS_AUG_2020.csv')),
      },
    });
    expect(lines.find((line) => 'upload' in line)).toMatchObject({
      upload: { object: expect.stringContaining('/in/CUS_AUG_2020.csv'), expiresAt: expect.any(Number) },
    });
    expect(existsSync(join(at.cwd, 'ebill-demo'))).toBe(false);
  });
});
