import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { calls, machine, month, sandbox } from './harness.ts';

const COLUMNS = [
  ['customer.key', 'Account Number'],
  ['invoice.key', 'Invoice Number'],
  ['invoice.customer', 'Account Number'],
  ['invoice.amount', 'Amount'],
  ['items.invoice', 'Invoice Number'],
  ['items.amount', 'Amount'],
].flatMap(([role, name]) => ['--column', `${role}=${name}`]);

const FILES = ['--customer', 'CUS_*.csv', '--invoice', 'INV_*.csv', '--items', 'ITM_*.csv'];

interface Total {
  readonly file: string;
  readonly kind: string;
  readonly records: number | null;
  readonly amount: string | null;
}

/** Changes the one file of this beginning: its last amount is a cent more. */
function spoil(cwd: string, name: string): void {
  const path = join(cwd, name);
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(/(\d)\n$/, (_, digit) => `${(Number(digit) + 1) % 10}\n`),
  );
}

describe('validate', () => {
  let at: ReturnType<typeof machine>;
  beforeAll(async () => {
    at = machine(null);
    await month(at);
  });

  it('a good month: totals for people, exit 0, without a server or a profile', async () => {
    const { code, stdout, stderr } = await at.call(['validate', ...FILES, ...COLUMNS]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/INV_AUG_2020\.csv\s+invoice\s+20\s+[\d,]+\.\d\d/);
    expect(stdout).toContain('nothing wrong');
    expect(stderr).not.toContain('error');
  });

  it('--json: files as in the contract, and totals that agree', async () => {
    const { code, json } = await at.call(['validate', ...FILES, ...COLUMNS, '--json']);
    expect(code).toBe(0);
    expect(json).toMatchObject({ command: 'validate', profile: null, exitCode: 0, batches: [], error: null });
    expect(json.files).toHaveLength(5);
    expect(json.files?.[0]).toMatchObject({ kind: 'customer', findings: [] });
    const totals = json['totals'] as readonly Total[];
    const cents = (kind: string): bigint =>
      totals
        .filter((total) => total.kind === kind)
        .reduce((sum, { amount }) => sum + BigInt((amount ?? '').replace('.', '')), 0n);
    expect(cents('items')).toBe(cents('invoice'));
    expect(totals[0]).toMatchObject({ kind: 'customer', records: 16, amount: null });
  });

  it('as a program: a sum that is off is exit 2, with file, line and column', async () => {
    const bad = machine(null);
    await month(bad);
    spoil(bad.cwd, 'INV_AUG_2020.csv');
    const { code, stdout, stderr } = await bad.run(['validate', ...FILES, ...COLUMNS]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/INV_AUG_2020\.csv:21:6 error amount-sum/);
    expect(stderr).toContain('error: 1 of 5 files failed the check, with 1 finding: INV_AUG_2020.csv');
    // Without the columns nothing holds them against each other.
    expect((await bad.call(['validate', ...FILES])).code).toBe(0);
  });

  it('warnings are exit 0, and 2 with --warnings-as-errors', async () => {
    const path = join(at.cwd, 'w.csv');
    writeFileSync(path, 'a,b\n1,2\n,\n');
    expect((await at.call(['validate', '--customer', path])).code).toBe(0);
    const strict = await at.call(['validate', '--customer', path, '--warnings-as-errors', '--json']);
    expect(strict.code).toBe(2);
    expect(strict.json.error?.code).toBe('INVALID_FILE');
    expect(strict.json.files?.[0]?.findings).toMatchObject([
      { severity: 'warning', code: 'empty-record', line: 3 },
    ]);
  });

  it("a profile's columns are used when it is named or in use, and an option goes before them", async () => {
    const own = machine(null, { EBILL_BASE_URL: '' });
    await month(own);
    spoil(own.cwd, 'INV_AUG_2020.csv');
    const add = ['profile', 'add', 'prod', '--base-url', 'https://ebill.example.com', '--auth', 'none'];
    expect((await own.call([...add, ...COLUMNS])).code).toBe(0);
    expect((await own.call(['profile', 'show'])).stdout).toContain('invoice.key=Invoice Number');
    const { code, json } = await own.call(['validate', ...FILES, '--json']);
    expect([code, json.profile]).toEqual([2, 'prod']);
    expect((await own.call(['validate', ...FILES, '--column', 'items.amount='])).code).toBe(0);
    const unknown = await own.call(['validate', ...FILES, '--profile', 'nope']);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
  });
});

describe('an upload', () => {
  it('with columns is checked across files before the first byte; totals are shown and recorded', async () => {
    const server = await sandbox();
    const at = machine(server);
    const { invoices, items } = await month(at);
    const upload = ['upload', 'invoice', ...invoices, '--items', ...items, '--job', 'AUG_2020', ...COLUMNS];
    const good = readFileSync(join(at.cwd, 'INV_AUG_2020.csv'), 'utf8');
    spoil(at.cwd, 'INV_AUG_2020.csv');
    const bad = await at.call(upload);
    expect(bad.code).toBe(2);
    expect([bad.stdout, bad.stderr]).toEqual(['', expect.stringContaining('amount-sum')]);
    expect(calls(server)).toEqual([]);
    writeFileSync(join(at.cwd, 'INV_AUG_2020.csv'), good);
    const done = await at.call(upload);
    expect(done.code).toBe(0);
    const total = /Control total of INV_AUG_2020\.csv: 20 records, amounts ([\d,]+\.\d\d)/.exec(
      done.stderr,
    )?.[1];
    expect(total).toBeDefined();
    const shown = await at.call(['loads', 'show', 'AUG_2020', '--json']);
    expect(shown.code).toBe(0);
    const { readdirSync } = await import('node:fs');
    const journal = readdirSync(at.home, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('.jsonl'),
    );
    expect(readFileSync(join(at.home, journal ?? ''), 'utf8')).toContain(
      `"amount":"${total?.replaceAll(',', '')}"`,
    );
  });
});
