import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { calls, type Machine, machine, sandbox } from './harness.ts';

const FAST = ['--interval', '1s'];

/** A month of so many invoices, each with one item, in a folder of its own; every second customer has two. */
function month(at: Machine, job: string, invoices: number, expect = '', first = 1): string {
  const folder = join(at.cwd, job);
  mkdirSync(folder);
  const numbers = Array.from({ length: invoices }, (_, i) => first + i);
  const customers = [...new Set(numbers.map((n) => Math.ceil(n / 2)))];
  const file = (name: string, lines: readonly string[]): void =>
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  file(`cus_${job}.csv`, ['Account Number,Name', ...customers.map((n) => `A${n},Customer ${n} ${job}`)]);
  file(`inv_${job}.csv`, [
    'Invoice Number,Account Number,Due Date,Amount',
    ...numbers.map((n) => `${job}-${n},A${Math.ceil(n / 2)},2020-09-01,10.50`),
  ]);
  file(`itm_${job}.csv`, [
    'Invoice Number,Line Number,Quantity,Amount',
    ...numbers.map((n) => `${job}-${n},1,1,10.50`),
  ]);
  writeFileSync(
    join(folder, 'plan.yaml'),
    `job: ${job}\ninit: {}\ncustomers: [cus_*.csv]\ninvoices:\n  - file: inv_${job}.csv\n    items: [itm_*.csv]\ncolumns: { invoice: { key: Invoice Number, customer: Account Number, amount: Amount }, items: { invoice: Invoice Number, amount: Amount } }\n${expect}`,
  );
  return `${job}/plan.yaml`;
}

const changes = (server: Sandbox): readonly string[] =>
  calls(server).filter((call) => /^(?:init|create|put|finalize)/.test(call));

function pathOf(at: Machine, job: string): string {
  const files = readdirSync(at.home, { recursive: true, encoding: 'utf8' });
  return join(at.home, files.find((name) => new RegExp(`${job}-[^/]*\\.jsonl$`).test(name)) ?? '');
}

const journalOf = (at: Machine, job: string): readonly Record<string, unknown>[] =>
  readFileSync(pathOf(at, job), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const EXPECT =
  'expect:\n  against: last\n  customers: { records: 50% }\n  invoices: { records: 5%, amount: 10% }\n';

describe('a month compared with the last', () => {
  it('records once what a closed load came to, and compares the next month with it', async () => {
    const server = await sandbox();
    const at = machine(server);
    const first = await at.call(['run', month(at, 'JUL_2020', 20, EXPECT), '--json', ...FAST]);
    expect(first.stderr).toContain('what the plan expects is not checked');
    expect(first.json).toMatchObject({
      exitCode: 0,
      outcome: 'succeeded',
      comparison: { against: null, customersBilled: 10 },
    });
    for (let n = 0; n < 2; n += 1) expect((await at.call(['status', '--job', 'JUL_2020'])).code).toBe(0);
    const closed = journalOf(at, 'JUL_2020').filter(({ type }) => type === 'closed');
    expect(closed).toHaveLength(1);
    expect(closed[0]).toMatchObject({
      kinds: [
        { kind: 'customer', records: 10, amount: null, rejected: 0 },
        { kind: 'invoice', records: 20, amount: '210.00', rejected: 0 },
        { kind: 'items', records: 20, amount: '210.00', rejected: 0 },
      ],
      customersBilled: 10,
      files: [
        { jobId: 'JUL_2020_CUS', kind: 'customer', name: 'cus_JUL_2020.csv' },
        { jobId: 'JUL_2020_INV', kind: 'invoice', name: 'inv_JUL_2020.csv' },
        { jobId: 'JUL_2020_ITM_1', kind: 'items', name: 'itm_JUL_2020.csv' },
      ],
    });

    const before = changes(server).length;
    const plan = month(at, 'AUG_2020', 12, EXPECT);
    for (const dry of [['--dry-run'], []]) {
      const line = ['run', plan, '--json', ...dry, ...FAST];
      const stopped = await (dry.length === 0 ? at.run(line) : at.call(line));
      expect(stopped.code).toBe(2);
      expect(stopped.json.error).toEqual({
        code: 'DECLINED',
        message:
          'This month is not as the plan expects: invoice records 12, in JUL_2020 20 (-40.0%, allowed 5%); invoice amount 126.00, in JUL_2020 210.00 (-40.0%, allowed 10%).',
        hint: expect.stringContaining('change expect in the plan: invoices.records, invoices.amount'),
      });
      expect(stopped.json['comparison']).toMatchObject({
        against: 'JUL_2020',
        kinds: [
          {
            kind: 'customer',
            records: 6,
            lastRecords: 10,
            recordsChange: -40,
            amount: null,
            lastAmount: null,
          },
          {
            kind: 'invoice',
            records: 12,
            lastRecords: 20,
            recordsChange: -40,
            amount: '126.00',
            amountChange: -40,
          },
          { kind: 'items', records: 12, lastRecords: 20, recordsChange: -40 },
        ],
        customersBilled: 6,
        lastCustomersBilled: 10,
        customersBilledChange: -40,
      });
    }
    expect(changes(server)).toHaveLength(before);

    const shown = await at.call(['run', plan, '--dry-run'], { env: {} });
    expect(shown.code).toBe(2);
    expect(shown.stdout).toBe('');
    writeFileSync(
      join(at.cwd, plan),
      readFileSync(join(at.cwd, plan), 'utf8').replace(/5%, amount: 10%/, '-40%, amount: 40.0%'),
    );
    const dry = await at.call(['run', plan, '--dry-run']);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/invoices +12 +20 +-40\.0%/);
    expect(dry.stdout).toMatch(/invoice amounts +126\.00 +210\.00 +-40\.0%/);
    expect(dry.stdout).toMatch(/customers billed +6 +10 +-40\.0%/);
    const ran = await at.call(['run', plan, ...FAST]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/customers +6 +10 +-40\.0%/);
    const { report } = (await at.call(['report', '--json'])).json as unknown as {
      report: { months: readonly Record<string, unknown>[] };
    };
    expect(report.months).toMatchObject([
      { job: 'JUL_2020', records: 50, amount: '210.00', rejected: 0, customersBilled: 10 },
      { job: 'AUG_2020', records: 30, amount: '126.00', rejected: 0, customersBilled: 6 },
    ]);
    expect(report.months.every(({ closedAt }) => closedAt !== null)).toBe(true);
    // Of July, whatever was loaded later.
    expect((await at.call(['report', '--job', 'JUL_2020', '--json'])).json['report']).not.toHaveProperty(
      'months',
    );
    // It is the last one now, also for itself: a run that is repeated is not stopped by what it has loaded.
    expect((await at.call(['run', plan, ...FAST])).code).toBe(0);
  });

  it('an expectation that a run has passed does not stop it when it resumes, and a new file is checked', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox();
    const at = machine(server);
    expect((await at.call(['run', month(at, 'JUL_2020', 20), ...FAST])).code).toBe(0);
    const plan = month(at, 'AUG_2020', 20, 'expect: { invoices: { records: 0% } }\n');
    expect((await at.call(['run', plan, '--max-wait', '0', ...FAST])).code).toBe(7);
    // Another load is closed meanwhile, of another size.
    expect((await at.call(['run', month(at, 'TEST', 2, '', 900), ...FAST])).code).toBe(0);
    await server.waitForIdle();
    expect((await at.call(['run', plan, ...FAST])).code).toBe(0);
    writeFileSync(join(at.cwd, 'AUG_2020', 'cus_more.csv'), 'Account Number,Name\nA99,New\n');
    const more = await at.call(['run', plan, '--json', ...FAST]);
    expect(more.json.error?.code).toBe('DECLINED');
    expect(more.json.error?.message).toContain('invoice records 20, in TEST 2 (+900.0%, allowed 0%)');
  });

  it('is compared with a load by its name; an unknown one is an error', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server);
    for (const [job, invoices] of [
      ['JUN_2020', 10],
      ['JUL_2020', 20],
    ] as const)
      expect((await at.call(['run', month(at, job, invoices), ...FAST])).code).toBe(0);
    const plan = month(at, 'AUG_2020', 10, 'expect: { against: JUN_2020, invoices: { records: 0% } }\n');
    expect((await at.call(['run', plan, '--dry-run', '--json'])).json['comparison']).toMatchObject({
      against: 'JUN_2020',
    });
    const dryRun = async (...more: readonly string[]) =>
      (await at.call(['run', plan, '--dry-run', '--json', ...more])).json;
    expect((await dryRun('--against', 'last')).error?.message).toContain('in JUL_2020 20 (-50.0%');
    expect((await dryRun('--against', 'none')).error?.message).toContain('limits the change');
    expect((await dryRun('--against', 'AUG_2020')).error?.message).toContain('it is the load itself');
    const free = month(at, 'SEP_2020', 10);
    const unlimited = await at.call(['run', free, '--dry-run', '--json', '--against', 'none']);
    expect([unlimited.code, unlimited.json['comparison']]).toMatchObject([0, { against: null }]);
    const files = ['AUG_2020/cus_AUG_2020.csv', 'AUG_2020/inv_AUG_2020.csv'];
    const validate = (...more: readonly string[]) => at.call(['validate', ...files, '--json', ...more]);
    expect((await validate()).json['comparison']).toMatchObject({
      against: 'JUL_2020',
      kinds: [
        { kind: 'customer', records: 5, lastRecords: 10 },
        { kind: 'invoice', records: 10, lastRecords: 20, amount: '105.00', lastAmount: '210.00' },
      ],
      customersBilled: 5,
      lastCustomersBilled: 10,
    });
    expect((await validate('--against', 'JUN_2020')).json['comparison']).toMatchObject({
      against: 'JUN_2020',
      kinds: [{ recordsChange: 0 }, { recordsChange: 0, amountChange: 0 }],
    });
    expect((await validate('--against', 'none')).json['comparison']).toBeUndefined();
    const unknown = await validate('--against', 'MAY_2020');
    expect(unknown.code).toBe(2);
    expect(unknown.json.error).toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('Closed on this machine: JUL_2020, JUN_2020.'),
    });
    const text = await at.call(['validate', ...files]);
    expect(text.stdout).toMatch(/invoices +10 +20 +-50\.0%/);
    // Without a server there is nothing to compare with, and nothing is missed.
    const alone = { env: { EBILL_BASE_URL: '' } };
    expect((await at.call(['validate', ...files], alone)).code).toBe(0);
    expect((await at.call(['validate', ...files, '--against', 'last'], alone)).code).toBe(2);
  });

  it('a load is known to be closed also where the program was killed before it recorded that', async () => {
    const server = await sandbox();
    const at = machine(server);
    expect((await at.call(['run', month(at, 'JUL_2020', 20), ...FAST])).code).toBe(0);
    const path = pathOf(at, 'JUL_2020');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'closed' });
    writeFileSync(path, `${lines.slice(0, -1).join('\n')}\n`);
    const plan = month(at, 'AUG_2020', 10, EXPECT);
    const stopped = await at.call(['run', plan, '--dry-run', '--json']);
    expect(stopped.json.error?.code).toBe('DECLINED');
    expect(stopped.json['comparison']).toMatchObject({ against: 'JUL_2020', lastCustomersBilled: 10 });
    expect(journalOf(at, 'JUL_2020').some(({ type }) => type === 'closed')).toBe(false);
    expect((await at.call(['status', '--job', 'JUL_2020'])).code).toBe(0);
    expect(journalOf(at, 'JUL_2020').at(-1)).toMatchObject({ type: 'closed', customersBilled: 10 });
  });

  it('an amount that is unknown is not as expected', async () => {
    const server = await sandbox();
    const at = machine(server);
    expect((await at.call(['run', month(at, 'JUL_2020', 20), ...FAST])).code).toBe(0);
    const plan = month(at, 'AUG_2020', 20, 'expect: { invoices: { amount: 100% } }\n');
    const path = join(at.cwd, 'AUG_2020', 'inv_AUG_2020.csv');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('Amount', 'Sum due'));
    writeFileSync(
      join(at.cwd, plan),
      readFileSync(join(at.cwd, plan), 'utf8').replaceAll(', amount: Amount', ''),
    );
    const { json } = await at.call(['run', plan, '--dry-run', '--json']);
    expect(json.error).toMatchObject({
      code: 'DECLINED',
      message: expect.stringContaining('invoice amount unknown, in JUL_2020 210.00 (allowed 100%)'),
      hint: expect.stringContaining('name invoice.amount under columns'),
    });
  });
});
