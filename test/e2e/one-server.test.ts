import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { calls, type Machine, machine, sandbox } from './harness.ts';
import { collide } from './same-object.ts';

const csv = (name: string, records: number): string =>
  `Account Number,Name\n${Array.from({ length: records }, (_, i) => `${name}${i},Customer ${i}\n`).join('')}`;

const ourJournals = (at: Machine): readonly string[] =>
  readdirSync(join(at.home, 'loads'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );

/** The other spelling of the same server. */
const spelled = ({ apiUrl }: Sandbox): string => `${apiUrl.replace('127.0.0.1', 'LOCALHOST')}/rest/`;

describe('one server, two names (api rule 25)', () => {
  it('two processes with two spellings send the init once', { tags: 'slow' }, async () => {
    const server = await sandbox({ faults: ['init@1=slow:1s'] });
    const at = machine(server);
    const init = ['init', '--job', 'AUG_2020', '--json'];
    const both = await Promise.all([
      at.run(init),
      at.run(init, { env: { EBILL_BASE_URL: spelled(server) } }),
    ]);
    expect(both.map(({ code }) => [0, 8].includes(code ?? -1))).toEqual([true, true]);
    expect(both.some(({ code }) => code === 0)).toBe(true);
    expect([server.snapshot().initCount, ourJournals(at).length]).toEqual([1, 1]);
    const again = await at.call(init, { env: { EBILL_BASE_URL: spelled(server) } });
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('already done')]);
    expect(calls(server).filter((call) => call.startsWith('init'))).toHaveLength(1);
  });

  it('an organisation has separate loads', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), csv('A', 2));
    const upload = ['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--json'];
    expect((await at.call(upload)).code).toBe(0);
    const other = await at.call(['loads', 'show', 'AUG_2020', '--json']);
    expect(other.json['organisation']).toBe(null);
    const taken = await at.call(upload, { env: { EBILL_ORGANISATION: 'Acme' } });
    // It has no record of the batch, so it asks, and finds that somebody used the name.
    expect(taken.code).toBe(8);
  });

  it('a journal of the earlier layout is used and moved, by reading commands too', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), csv('A', 2));
    expect((await at.call(['init', '--job', 'AUG_2020'])).code).toBe(0);
    const [path = ''] = ourJournals(at);
    const earlier = join('loads', 'prod', path.split(/[\\/]/).at(-1) ?? '');
    const toEarlier = (): void => {
      mkdirSync(join(at.home, 'loads', 'prod'), { recursive: true });
      renameSync(join(at.home, 'loads', path), join(at.home, earlier));
    };
    toEarlier();
    const status = await at.call(['status', '--job', 'AUG_2020', '--json']);
    expect([status.code, status.json.batches.length]).toEqual([0, 1]);
    expect(ourJournals(at)).toEqual([path]);
    toEarlier();
    const init = await at.call(['init', '--job', 'AUG_2020', '--json']);
    expect([init.code, init.stderr]).toEqual([0, expect.stringContaining('already done')]);
    expect([ourJournals(at), existsSync(dirname(join(at.home, earlier)))]).toEqual([[path], false]);
    toEarlier();
    mkdirSync(dirname(join(at.home, 'loads', path)), { recursive: true });
    writeFileSync(join(at.home, 'loads', path), readFileSync(join(at.home, earlier)));
    const before = server.requests.length;
    const two = await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--json']);
    expect([two.code, two.json.error?.message]).toEqual([8, expect.stringContaining(earlier)]);
    expect(server.requests.length).toBe(before);
  });
});

describe('one object a file name (api rule 26)', () => {
  it('of two loads that upload one file name at the same time, one is refused', async () => {
    const server = await sandbox();
    const at = machine(server);
    for (let round = 1; round <= 6; round += 1) await collide(server, at, round, at.call);
    await collide(server, at, 7, at.run);
  });

  it('the next month may use the same file names, once the month before is final', async () => {
    const server = await sandbox();
    const at = machine(server);
    for (const [job, amount] of [
      ['AUG_2020', '1.00'],
      ['SEP_2020', '2.00'],
    ] as const) {
      writeFileSync(join(at.cwd, 'cus.csv'), csv(job, 2));
      writeFileSync(
        join(at.cwd, 'inv.csv'),
        `Invoice Number,Account Number,Amount\n${job},${job}0,${amount}\n`,
      );
      writeFileSync(join(at.cwd, 'itm.csv'), `Invoice Number,Amount\n${job},${amount}\n`);
      for (const line of [
        ['customer', 'cus.csv'],
        ['invoice', 'inv.csv', '--items', 'itm.csv'],
      ]) {
        const done = await at.call(['upload', ...line, '--job', job, '--wait', '--json']);
        expect([done.code, done.json.error]).toEqual([0, null]);
      }
    }
    expect(server.snapshot().batches.map(({ successCount }) => successCount)).toEqual([2, 1, 1, 2, 1, 1]);
  });
});

describe('the same bytes (api rule 27)', () => {
  it("last month's file is a conflict, --again means it", async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), csv('A', 2));
    writeFileSync(join(at.cwd, 'cus_sep.csv'), csv('A', 2));
    const first = ['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--wait', '--json'];
    expect((await at.call(first)).code).toBe(0);
    const before = calls(server).length;
    const line = ['upload', 'customer', 'cus_sep.csv', '--job', 'SEP_2020', '--json'];
    for (const more of [[], ['--dry-run']]) {
      const refused = await at.call([...line, ...more]);
      expect([refused.code, refused.json.error?.message]).toEqual([
        8,
        expect.stringMatching(/AUG_2020_CUS of the load AUG_2020, submitted on \d{4}-\d\d-\d\d/),
      ]);
    }
    writeFileSync(join(at.cwd, 'plan.yaml'), 'job: SEP_2020\ncustomers: [cus_sep.csv]\n');
    expect((await at.call(['run', 'plan.yaml', '--json'])).json.error?.code).toBe('CONFLICT');
    expect(calls(server).length).toBe(before);
    expect((await at.call([...line, '--again'])).code).toBe(0);
    // It is on record now.
    expect((await at.call(['finalize', '--job', 'SEP_2020', '--json'])).code).toBe(0);
  });
});

describe('the load last started (commands rule 9)', () => {
  it('serves changing commands only while it is open, and reading ones always', async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), csv('A', 2));
    writeFileSync(join(at.cwd, 'cus_sep.csv'), csv('A', 3));
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice Number,Account Number,Amount\n1,A0,1.00\n');
    expect((await at.call(['init', '--job', 'AUG_2020'])).code).toBe(0);
    const open = await at.call(['upload', 'customer', 'cus.csv', '--wait', '--json']);
    expect([open.code, open.stderr]).toEqual([
      0,
      expect.stringContaining('Using load AUG_2020, the last one'),
    ]);
    expect((await at.call(['upload', 'invoice', 'inv.csv', '--wait', '--json'])).code).toBe(0);
    const before = calls(server);
    const closed = await at.call(['upload', 'customer', 'cus_sep.csv', '--json']);
    expect([closed.code, closed.json.error?.code, closed.json.error?.hint]).toEqual([
      2,
      'USAGE',
      expect.stringContaining(': ebill init --job SEP_2020'),
    ]);
    // A line that is typed again changes nothing.
    expect((await at.call(['finalize', '--json'])).code).toBe(0);
    expect(calls(server)).toEqual(before);
    expect((await at.call(['status', '--json'])).json.job).toBe('AUG_2020');
    const alone = (await at.call([])).stdout;
    expect(alone).toMatch(/^Next {5}ebill report --job AUG_2020$/m);
    expect(alone).toContain('ebill init --job SEP_2020');
    expect(alone).toMatch(/^Load {5}AUG_2020 \(closed\)/m);
    const loads = await at.call(['loads', '--json']);
    expect(loads.json['loads']).toMatchObject([{ job: 'AUG_2020', state: 'closed' }]);
    expect((await at.call(['loads'])).stderr).toContain(': ebill init --job SEP_2020');
    const show = await at.call(['loads', 'show', 'AUG_2020']);
    expect([show.stdout, show.stderr]).toEqual([
      expect.stringMatching(/^AUG_2020 on \S+, closed, started /),
      expect.stringContaining(': ebill init --job SEP_2020'),
    ]);
    expect((await at.call(['init', '--json'])).json.error?.hint).toBe(
      'Name the new load: ebill init --job SEP_2020',
    );
    expect((await at.call(['init', '--job', 'NAME', '--json'])).json.error?.code).toBe('USAGE');
    const named = await at.call(['status', '--json'], { env: { EBILL_JOB: 'AUG_2020' } });
    expect(named.stderr).toContain('Using load AUG_2020, from EBILL_JOB');
  });

  it('is asked about where it was not watched: closed since, it takes nothing unnamed', async () => {
    const server = await sandbox();
    const at = machine(server);
    const files = {
      'cus.csv': csv('A', 2),
      'inv.csv': 'Invoice Number,Account Number,Amount\n1,A0,1.00\n',
      'cus_sep.csv': csv('B', 3),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(at.cwd, name), text);
    expect((await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--wait'])).code).toBe(0);
    expect((await at.call(['upload', 'invoice', 'inv.csv', '--finalize'])).code).toBe(0);
    await server.waitForIdle();
    const before = calls(server);
    // The next month's, by its first command typed without a name.
    const next = await at.call(['upload', 'customer', 'cus_sep.csv', '--json']);
    expect([next.code, next.json.error?.hint]).toEqual([
      2,
      expect.stringContaining(': ebill init --job SEP_2020'),
    ]);
    expect(calls(server)).toEqual(before);
    expect((await at.call(['upload', 'customer', 'cus_sep.csv', '--job', 'AUG_2020', '--json'])).code).toBe(
      0,
    );
  });

  it('takes no correction unnamed when nothing in it is left to correct', { tags: 'slow' }, async () => {
    const server = await sandbox();
    const at = machine(server);
    writeFileSync(join(at.cwd, 'cus.csv'), 'Account Number,Name\n1,A\n,B\n');
    writeFileSync(join(at.cwd, 'inv.csv'), 'Invoice Number,Account Number,Amount\n1,1,1.00\n');
    await at.call(['upload', 'customer', 'cus.csv', '--job', 'AUG_2020', '--wait']);
    expect((await at.call(['upload', 'invoice', 'inv.csv', '--wait'])).code).toBe(0);
    expect((await at.call(['results', '--rejects'])).code).toBe(0);
    const rejects = join(at.cwd, 'AUG_2020', 'AUG_2020_CUS_rejects.csv');
    writeFileSync(rejects, 'Account Number,Name\n2,B\n');
    expect((await at.call(['correct', '--json'])).code).toBe(0);
    const before = calls(server);
    // A line that is typed again changes nothing, and a new record needs the load's name.
    expect((await at.call(['correct', '--json'])).code).toBe(0);
    writeFileSync(rejects, 'Account Number,Name\n3,C\n');
    const more = await at.call(['correct', rejects, '--json']);
    expect([more.code, more.json.error?.message]).toEqual([2, expect.stringContaining('is closed')]);
    expect(more.json.error?.hint).toContain(': ebill init --job SEP_2020');
    expect(calls(server)).toEqual(before);
  });
});
