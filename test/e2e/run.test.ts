import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calls, type Machine, machine, month, sandbox } from './harness.ts';

const FAST = ['--interval', '1s'];

/** A plan beside the sample files; the first item files go under the invoice. */
async function planned(
  at: Machine,
  options: { bad?: number; init?: string; accept?: number; name?: string } = {},
): Promise<string> {
  const { bad = 0, init = 'init: {}', accept = 0, name = 'plan.yaml' } = options;
  const sample = await month(at, { bad, records: 20, itemFiles: 3 });
  const names = (paths: readonly string[]): string => paths.map((path) => basename(path)).join(', ');
  writeFileSync(
    join(at.cwd, name),
    `job: AUG_2020\n${init}\ncustomers: [${names(sample.customers)}]\ninvoices:\n  - file: ${names(sample.invoices)}\n    items: [ITM_*.csv]\naccept: { failedRecords: ${accept} }\n`,
  );
  return name;
}

const WHOLE = [
  'init AUG_2020_INIT',
  'create AUG_2020_CUS',
  'put -',
  'finalize AUG_2020_CUS',
  'create AUG_2020_INV',
  'put -',
  'create AUG_2020_ITM_1',
  'put -',
  'create AUG_2020_ITM_2',
  'put -',
  'create AUG_2020_ITM_3',
  'put -',
  'finalize AUG_2020_INV',
];
/** What was asked to be changed, item uploads in any order. */
const changes = (server: Parameters<typeof calls>[0]): string[] =>
  calls(server)
    .filter((call) => /^(?:init|create|put|finalize)/.test(call))
    .map((call) => call.replace(/^put .*/, 'put -'));

describe('ebill run', () => {
  it('loads the whole month in order, and downloads all results', async () => {
    const server = await sandbox();
    const at = machine(server);
    const plan = await planned(at);
    const ran = await at.call(['run', plan, '--json', ...FAST]);
    expect(ran.stderr).toContain('customers: done');
    expect(ran.code).toBe(0);
    expect([...changes(server)].sort()).toEqual([...WHOLE].sort());
    const order = changes(server);
    expect(order[0]).toBe('init AUG_2020_INIT');
    expect(order.indexOf('finalize AUG_2020_CUS')).toBeLessThan(order.indexOf('create AUG_2020_INV'));
    expect(order.at(-1)).toBe('finalize AUG_2020_INV');
    expect(ran.json).toMatchObject({
      command: 'run',
      job: 'AUG_2020',
      outcome: 'succeeded',
      exitCode: 0,
      error: null,
    });
    expect(ran.json.batches.map(({ jobId, outcome }) => [jobId, outcome])).toEqual([
      ['AUG_2020_INIT', 'succeeded'],
      ['AUG_2020_CUS', 'succeeded'],
      ['AUG_2020_INV', 'succeeded'],
    ]);
    expect(readdirSync(join(at.cwd, 'AUG_2020')).sort()).toEqual(
      ['AUG_2020_CUS', 'AUG_2020_INV', 'AUG_2020_ITM_1', 'AUG_2020_ITM_2', 'AUG_2020_ITM_3']
        .map((jobId) => `${jobId}_result.csv`)
        .concat('manifest.json', 'report.html')
        .sort(),
    );
    const manifest = JSON.parse(readFileSync(join(at.cwd, 'AUG_2020', 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      ebillManifest: 1,
      job: 'AUG_2020',
      outcome: 'succeeded',
      exitCode: 0,
      plan: { file: 'plan.yaml' },
    });
    expect(manifest.sent).toHaveLength(5);
    expect(manifest.files.map((file: { kind: string }) => file.kind).sort()).toEqual([
      'report',
      'result',
      'result',
      'result',
      'result',
      'result',
    ]);
    for (const file of manifest.files) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(join(at.cwd, 'AUG_2020', 'report.html'), 'utf8')).toContain('Everything was loaded');
  });

  it('sends nothing when it is run again, and ends as before', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server);
    const plan = await planned(at);
    expect((await at.call(['run', plan, ...FAST])).code).toBe(0);
    const before = changes(server).length;
    const again = await at.call(['run', plan, '--json', ...FAST]);
    expect(again.code).toBe(0);
    expect(again.json.outcome).toBe('succeeded');
    expect(changes(server)).toHaveLength(before);
  });

  it('stops when too many records were rejected, with the rejects written, and resumes when the plan accepts them', async () => {
    const server = await sandbox();
    const at = machine(server);
    const plan = await planned(at, { bad: 2 });
    const stopped = await at.call(['run', plan, '--json', ...FAST]);
    expect(stopped.code).toBe(3);
    expect(stopped.json.error?.code).toBe('PARTIAL');
    expect(stopped.json.error?.message).toContain('2 records failed, and the plan accepts 0');
    expect(stopped.json.error?.hint).toContain('AUG_2020/AUG_2020_CUS_rejects.csv');
    expect(stopped.json.error?.hint).toContain('set accept.failedRecords to 2');
    expect(changes(server)).not.toContain('create AUG_2020_INV');
    expect(existsSync(join(at.cwd, 'AUG_2020', 'AUG_2020_CUS_rejects.csv'))).toBe(true);
    expect(existsSync(join(at.cwd, 'AUG_2020', 'report.html'))).toBe(true);
    writeFileSync(
      join(at.cwd, plan),
      readFileSync(join(at.cwd, plan), 'utf8').replace('failedRecords: 0', 'failedRecords: 2'),
    );
    const on = await at.call(['run', plan, '--json', ...FAST]);
    expect(on.json.error?.code).toBe('PARTIAL');
    expect([...changes(server)].sort()).toEqual([...WHOLE].sort());
    expect(
      readdirSync(join(at.cwd, 'AUG_2020')).filter((name) => name.endsWith('_rejects.csv')),
    ).toHaveLength(5);
  });

  it('stops when records are lost, whatever the plan accepts', async () => {
    const server = await sandbox({ faults: ['finalize[AUG_2020_CUS]=lose-records:1'] });
    const at = machine(server);
    const ran = await at.call(['run', await planned(at, { accept: 100 }), '--json', ...FAST]);
    expect(ran.code).toBe(4);
    expect(ran.json.error?.code).toBe('UNACCOUNTED');
    expect(ran.json.error?.hint).toContain('remove customers from the plan');
    expect(changes(server)).not.toContain('create AUG_2020_INV');
  });

  it.each([
    ['the counts say so', [], /None of the records in AUG_2020_CUS is loaded: .* with --next/],
    ['the counts are missing', ['status[AUG_2020_CUS]@1-=no-counts'], /Find out on the server/],
  ])(
    'advises to load a failed customer file again only when none of it is loaded: %s',
    async (_, faults, hint) => {
      const server = await sandbox({ faults });
      const at = machine(server);
      const plan = await planned(at);
      writeFileSync(join(at.cwd, 'CUS_AUG_2020.csv'), 'Account Number,Name\n"",Ada\n"",Charles\n');
      const ran = await at.call(['run', plan, '--json', ...FAST]);
      expect([ran.code, ran.json.error?.code]).toEqual([4, 'BATCH_FAILED']);
      expect(ran.json.error?.hint).toMatch(hint);
    },
  );

  const resumes = async (duplicates: 'reissue' | 'refuse'): Promise<void> => {
    const server = await sandbox({ faults: ['put@4=hang'], duplicates });
    const at = machine(server);
    const plan = await planned(at);
    const hanging = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (calls(server).filter((call) => call.startsWith('put')).length < 4) return;
        clearInterval(look);
        resolve();
      }, 10);
    });
    const killed = await at.run(['run', plan, ...FAST], { killWhen: hanging });
    expect(killed.code).toBeNull();
    expect((await at.call(['--json'])).json['next']).toMatchObject({ command: `ebill run ${plan}` });
    if (duplicates === 'refuse') {
      // The upload address of an item file died with the process, and this server gives no other.
      const stuck = await at.call(['run', plan, '--json', ...FAST]);
      expect([stuck.code, stuck.json.error?.code]).toEqual([8, 'CONFLICT']);
      expect(stuck.json.error?.hint).toContain('--restart-invoice');
    }
    const more = duplicates === 'refuse' ? ['--restart-invoice'] : [];
    const again = await at.call(['run', plan, '--json', ...FAST, ...more]);
    expect(again.json.error).toBeNull();
    expect(again.json.outcome).toBe('succeeded');
    const sent = changes(server);
    for (const once of [
      'init AUG_2020_INIT',
      'finalize AUG_2020_CUS',
      'create AUG_2020_CUS',
      'create AUG_2020_INV',
    ])
      expect(sent.filter((call) => call === once)).toEqual([once]);
    expect(sent.filter((call) => call.startsWith('finalize'))).toHaveLength(2);
  };
  it('resumes where it stopped after a kill: nothing is sent twice (refuse)', () => resumes('refuse'));
  it('resumes where it stopped after a kill: nothing is sent twice (reissue)', { tags: 'slow' }, () =>
    resumes('reissue'),
  );

  it('shows what is done and what would be sent with --dry-run, and sends nothing', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox();
    const at = machine(server);
    const plan = await planned(at, { init: 'init: { zeroOutCustomerBalance: true }' });
    const dry = await at.call(['run', plan, '--dry-run', '--json']);
    expect(dry.code).toBe(0);
    expect(server.requests).toEqual([]);
    const requests = dry.json.requests ?? [];
    expect(requests.map(({ method }) => method)).toEqual([
      'POST',
      'POST',
      'PUT',
      'PUT',
      'POST',
      'PUT',
      ...Array(3).fill(['POST', 'PUT']).flat(),
      'PUT',
    ]);
    expect(dry.json['totals']).toEqual([
      { kind: 'customer', files: 1, records: expect.any(Number), amount: null, toSend: 1 },
      { kind: 'invoice', files: 1, records: 20, amount: expect.any(String), toSend: 1 },
      { kind: 'items', files: 3, records: expect.any(Number), amount: expect.any(String), toSend: 3 },
    ]);
    const text = (await at.call(['run', plan, '--dry-run'])).stdout;
    expect(text).toContain("sent; zeroes every customer's balance");
    expect(existsSync(join(at.cwd, 'AUG_2020'))).toBe(false);
    expect((await at.call(['run', plan, '--yes', ...FAST])).code).toBe(0);
    const after = await at.call(['run', plan, '--dry-run', '--json']);
    expect(after.json.requests).toEqual([]);
    expect((await at.call(['run', plan, '--dry-run'])).stdout).toContain(
      'Nothing would be sent: everything is done.',
    );
  });

  it('sends nothing that sets balances to zero without a terminal, unless --yes is given', async () => {
    const server = await sandbox();
    const at = machine(server);
    const ran = await at.call([
      'run',
      await planned(at, { init: 'init: { zeroOutCustomerBalance: true }' }),
      '--json',
    ]);
    expect(ran.code).toBe(2);
    expect(ran.json.error?.message).toContain('--yes');
    expect(server.requests).toEqual([]);
  });

  it('ends with 7 when --max-wait has elapsed, and resumes when it is run again', {
    tags: 'slow',
  }, async () => {
    const server = await sandbox({ processingTimeMs: 100_000 });
    const at = machine(server);
    const plan = await planned(at);
    const ran = await at.call(['run', plan, '--json', '--max-wait', '1s', ...FAST]);
    expect(ran.code).toBe(7);
    expect(ran.json.error?.hint).toContain('Run the same command again');
    expect(changes(server)).not.toContain('create AUG_2020_INV');
  });

  it('refuses a folder that holds another load, before anything is sent', async () => {
    const one = await sandbox();
    const at = machine(one);
    const plan = await planned(at);
    expect((await at.call(['run', plan, ...FAST])).code).toBe(0);
    const mine = join(at.cwd, 'mine');
    mkdirSync(mine);
    writeFileSync(join(mine, 'report.html'), '<p>somebody else wrote this');
    const kept = await at.call(['run', plan, '--json', '--out', 'mine', ...FAST]);
    expect([kept.code, kept.json.error?.message.includes('is not a report of ebill')]).toEqual([2, true]);
    const other = await sandbox();
    const ran = await at.call(['run', plan, '--json'], {
      env: { ...other.environment, EBILL_HOME: join(at.cwd, 'home') },
    });
    expect(ran.code).toBe(2);
    expect(ran.json.error?.message).toContain('holds the results of the load AUG_2020 on http://127.0.0.1');
    expect(other.requests).toEqual([]);
  });

  it('resumes on a machine without the journal only with --adopt', async () => {
    const server = await sandbox();
    const at = machine(server);
    const plan = await planned(at);
    expect((await at.call(['run', plan, ...FAST])).code).toBe(0);
    const elsewhere = machine(server);
    const before = changes(server).length;
    const plain = await elsewhere.call(['run', join(at.cwd, plan), '--json', ...FAST]);
    expect(plain.code).toBe(8);
    const adopted = await elsewhere.call(['run', join(at.cwd, plan), '--json', '--adopt', ...FAST]);
    expect(adopted.json.error).toBeNull();
    expect(changes(server)).toHaveLength(before);
  });

  it('asks for --adopt where an earlier command has found the batches, too', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server);
    const plan = await planned(at);
    expect((await at.call(['run', plan, ...FAST])).code).toBe(0);
    const elsewhere = machine(server);
    const before = changes(server).length;
    for (const command of ['finalize', 'watch'])
      expect((await elsewhere.call([command, '--job', 'AUG_2020'])).code).toBe(0);
    const plain = await elsewhere.call(['run', join(at.cwd, plan), '--json', ...FAST]);
    expect([plain.code, plain.json.error?.hint]).toEqual([8, expect.stringContaining('--adopt')]);
    // The plan's files are on record now, but not that these batches hold them.
    expect((await elsewhere.call(['run', join(at.cwd, plan), '--json', ...FAST])).code).toBe(8);
    const adopted = await elsewhere.call(['run', join(at.cwd, plan), '--json', '--adopt', ...FAST]);
    expect(adopted.json.error).toBeNull();
    expect(changes(server)).toHaveLength(before);
  });

  it('reports findings and mistakes in the plan before anything is sent', async () => {
    const server = await sandbox();
    const at = machine(server);
    const plan = await planned(at);
    writeFileSync(join(at.cwd, 'ITM_broken.csv'), 'A,B\n1\n');
    const bad = await at.call(['run', plan, '--json', '--dry-run']);
    expect([bad.code, bad.json.error?.code]).toEqual([2, 'INVALID_FILE']);
    expect(bad.json.files?.some(({ findings }) => findings.length > 0)).toBe(true);
    writeFileSync(join(at.cwd, 'wrong.yaml'), 'job: AUG_2020\ncustomers: [nope.csv]\n');
    const missing = await at.call(['run', 'wrong.yaml', '--json']);
    expect([missing.code, missing.json.error?.code]).toEqual([2, 'INVALID_PLAN']);
    expect(missing.json.error?.message).toContain('wrong.yaml:2:13: the file nope.csv does not exist');
    const none = await at.call(['run', 'there-is-none.yaml', '--json']);
    expect([none.code, none.json.error?.code]).toEqual([2, 'INVALID_PLAN']);
    expect(none.json.error?.hint).toContain('--init-plan');
    expect(server.requests).toEqual([]);
  });

  it('writes a starter plan that runs', async () => {
    const server = await sandbox();
    const at = machine(server);
    await month(at, { records: 10, itemFiles: 2 });
    const wrote = await at.call(['run', '--init-plan']);
    expect(wrote.code).toBe(0);
    expect(wrote.stderr).toContain('ebill run plan.yaml --dry-run');
    expect((await at.call(['run', '--init-plan'])).code).toBe(2);
    expect((await at.call(['run', 'plan.yaml', ...FAST])).code).toBe(0);
    const schema = await at.call(['run', '--plan-schema']);
    expect(JSON.parse(schema.stdout)).toMatchObject({ required: ['job'] });
  });
});
