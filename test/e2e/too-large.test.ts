import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calls, type Machine, machine, sandbox } from './harness.ts';

describe('a file of more than 5 GiB', () => {
  it.each([
    ['validate', ['validate', '--customer', 'big.csv']],
    ['validate of items', ['validate', '--invoice', 'inv.csv', '--items', 'big.csv']],
    ['run', ['run', 'plan.yaml']],
    ['run with items', ['run', 'items.yaml']],
    ['run --dry-run', ['run', 'plan.yaml', '--dry-run']],
    ['upload without validation', ['upload', 'customer', 'big.csv', '--job', 'AUG', '--no-validate']],
    ['upload of items', ['upload', 'invoice', 'inv.csv', '--items', 'big.csv', '--job', 'AUG']],
  ])('is refused by %s before anything is sent, with the advice to split it', async (_what, line) => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'big.csv'), 'Account,Name\n1,a\n');
    truncateSync(join(at.cwd, 'big.csv'), 5 * 1024 ** 3 + 1);
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice,Amount\n1,2\n');
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: AUG\ninit: {}\ncustomers: [big.csv]\n');
    writeFileSync(
      join(at.cwd, 'items.yaml'),
      'job: AUG\ninit: {}\ninvoices:\n  - { file: inv.csv, items: [big.csv] }\n',
    );
    const { code, stdout, stderr } = await at.call(line);
    expect({ code, shown: stdout + stderr }).toMatchObject({
      code: 2,
      shown: expect.stringContaining('5 GiB'),
    });
    expect(stdout + stderr).toMatch(/split/i);
    expect(calls(server, true)).toEqual([]);
  });
});

describe('a file that the storage does not take', () => {
  const big = ['Account,Name', ...Array.from({ length: 40 }, (_, i) => `${i},n${i}`), ''].join('\n');
  const half = (from: number): string =>
    ['Account,Name', ...Array.from({ length: 20 }, (_, i) => `${from + i},n${from + i}`), ''].join('\n');

  function split({ cwd }: Machine): void {
    writeFileSync(join(cwd, 'part_1.csv'), half(0));
    writeFileSync(join(cwd, 'part_2.csv'), half(20));
  }

  it.each(['put@1=status:413', 'put@1=status:403'])(
    'is split, left out, and counts once: %s',
    async (fault) => {
      const server = await sandbox({ faults: [fault] });
      const at = machine(server, { EBILL_JOB: 'AUG' });
      writeFileSync(join(at.cwd, 'big.csv'), big);
      const refused = await at.call(['upload', 'customer', 'big.csv', '--retries', '0', '--json']);
      expect(refused.code).toBe(9);
      expect(refused.json.error?.hint).toContain('--leave-out AUG_CUS');
      expect(refused.json.batches[0]).toMatchObject({ phase: 'draft', recordsSent: null });
      split(at);
      expect((await at.call(['upload', 'customer', 'part_1.csv', 'part_2.csv'])).code).toBe(0);

      const early = await at.call(['finalize', '--json']);
      expect(early.code).toBe(8);
      expect(early.json.error?.hint).toContain('--leave-out AUG_CUS');
      const waiting = await at.call(['watch', '--json', '--interval', '1s']);
      expect(waiting.code).toBe(7);
      expect(waiting.json.error?.hint).toContain('--leave-out AUG_CUS');

      const final = await at.call(['finalize', '--leave-out', 'big.csv']);
      expect([final.code, final.stderr]).toEqual([0, expect.stringContaining('left out')]);
      const watched = await at.call(['watch', '--interval', '1s']);
      expect(watched.code).toBe(0);
      expect(watched.stdout).toMatch(/40 customers sent, 40 loaded, 0 rejected, 0 unaccounted/);
      const status = await at.call(['status', '--json', '--exit-status']);
      expect([status.code, status.json.outcome]).toEqual([0, 'succeeded']);
      expect(status.json.batches.map(({ jobId, recordsSent, phase }) => [jobId, recordsSent, phase])).toEqual(
        [
          ['AUG_CUS', null, 'not-run'],
          ['AUG_CUS_2', 20, 'succeeded'],
          ['AUG_CUS_3', 20, 'succeeded'],
        ],
      );
      expect((await at.call(['results'])).code).toBe(0);
      const report = await at.call(['report', '--out', 'r.html']);
      expect(report.code).toBe(0);
      expect(readFileSync(join(at.cwd, 'r.html'), 'utf8')).toContain('40 customers sent, 40 loaded');
      expect(server.snapshot().batches.filter((batch) => batch.finalizeCount > 0)).toHaveLength(2);
      // Nothing is left to do: neither by the next step nor by another upload of the parts.
      expect((await at.call(['--json'])).json['next']).toMatchObject({
        command: expect.not.stringContaining('finalize'),
      });
    },
  );

  it('is left out by the upload of its parts', async () => {
    const at = machine(await sandbox({ faults: ['put@1=status:413'] }), { EBILL_JOB: 'AUG' });
    writeFileSync(join(at.cwd, 'big.csv'), big);
    expect((await at.call(['upload', 'customer', 'big.csv', '--retries', '0'])).code).toBe(9);
    split(at);
    const parts = ['upload', 'customer', 'part_1.csv', 'part_2.csv', '--leave-out', 'big.csv', '--wait'];
    const { code, stdout } = await at.call([...parts, '--interval', '1s']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('40 customers sent, 40 loaded')]);
    expect((await at.call(['status', '--exit-status'])).code).toBe(0);
  });

  it('is left out with the items of its invoice batch', async () => {
    const at = machine(await sandbox({ faults: ['put:invoice@1=status:413'] }), { EBILL_JOB: 'AUG' });
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice,Amount\n1,2\n2,3\n');
    writeFileSync(join(at.cwd, 'itm.csv'), 'Invoice,Amount,Text\n1,2,a\n2,3,b\n');
    const whole = ['upload', 'invoice', 'inv.csv', '--items', 'itm.csv', '--retries', '0', '--json'];
    const refused = await at.call(whole);
    expect([refused.code, refused.json.error]).toEqual([9, expect.anything()]);
    expect(refused.json.error?.hint).toContain('--leave-out AUG_INV');
    for (const n of [1, 2]) {
      writeFileSync(join(at.cwd, `inv_${n}.csv`), `Invoice,Amount\n${n},${n + 1}\n`);
      writeFileSync(join(at.cwd, `itm_${n}.csv`), `Invoice,Amount,Text\n${n},${n + 1},a\n`);
      const part = ['upload', 'invoice', `inv_${n}.csv`, '--items', `itm_${n}.csv`];
      expect((await at.call(part)).code).toBe(0);
    }
    expect((await at.call(['finalize', '--leave-out', 'inv.csv'])).code).toBe(0);
    const { code, stdout } = await at.call(['watch', '--interval', '1s']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('2 invoices sent, 2 loaded')]);
  });
});
