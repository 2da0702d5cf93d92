import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/index.ts';
import { worldOptions } from '../../src/sandbox/worlds.ts';
import { testContext } from '../helpers/context.ts';
import { calls, type Document, type Machine, machine, month, sandbox } from './harness.ts';

// Only positive evidence counts (api rules 14 to 20): servers, gateways and caches that do not tell what happened.

/** Program and server share a clock that runs 50 times as fast: 75 s take 1.5 s. */
const SPEED = 50;
const START = Date.now();
const clock = {
  now: () => START + (Date.now() - START) * SPEED,
  sleep: (ms: number, signal?: AbortSignal) => delay(ms / SPEED, undefined, signal ? { signal } : {}),
};
/** A duration by that clock as real time: time-outs of connections run by the real one. */
const real = (seconds: number): string => `${(seconds * 1000) / SPEED}ms`;

interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: Document;
}

/** A command with the settle times of production, by the fast clock. */
async function call(
  at: Machine,
  args: readonly string[],
  signal?: AbortSignal,
  now: () => number = clock.now,
): Promise<Done> {
  const env = { ...at.env, EBILL_SETTLE: '' };
  const context = testContext({ home: at.home, cwd: at.cwd, env });
  const code = await main(args, {
    ...context,
    ...clock,
    now,
    random: Math.random,
    ...(signal === undefined ? {} : { signal }),
  });
  const { text: stdout } = context.stdout;
  return {
    code,
    stdout,
    stderr: context.stderr.text,
    get json() {
      return JSON.parse(stdout) as Document;
    },
  };
}

const world = async (options: SandboxOptions): Promise<{ server: Sandbox; at: Machine }> => {
  const sleep: NonNullable<SandboxOptions['sleep']> = (ms, signal) =>
    clock.sleep(ms, signal).then(
      () => undefined,
      () => undefined,
    );
  const server = await sandbox({
    processingTimeMs: 500,
    repeats: 'execute',
    now: clock.now,
    sleep,
    ...options,
  });
  const at = machine(server);
  await month(at, { records: 4, itemFiles: 2 });
  return { server, at };
};

const INIT = ['init', '--job', 'AUG_2020'];
const CUSTOMERS = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020'];

/** How often each changing call was sent. */
const sent = (server: Sandbox): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const one of calls(server)) if (!one.startsWith('put')) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
};

describe('"not found" is no evidence while a call may still take effect', () => {
  it('an init of 12 s behind a gateway that gives up after 4 s is sent once', async () => {
    const { server, at } = await world(worldOptions(['slow-init']));
    const done = await call(at, INIT);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('only its answer was lost')]);
    expect(sent(server)).toEqual({ 'init AUG_2020_INIT': 1 });
    expect(server.snapshot().initCount).toBe(1);
  });

  it('an init that takes longer than --timeout waits for its own answer', { tags: 'slow' }, async () => {
    const { server, at } = await world({ faults: ['init=late:75s'] });
    const done = await call(at, [...INIT, '--timeout', real(10), '--json']);
    expect([done.code, sent(server)]).toEqual([0, { 'init AUG_2020_INIT': 1 }]);
    expect(calls(server, true).filter((one) => one.startsWith('status'))).toHaveLength(1);
  });

  it('… unless --init-timeout says otherwise: then it is asked for', { tags: 'slow' }, async () => {
    const { server, at } = await world({ faults: ['init=late:75s'] });
    const done = await call(at, [...INIT, '--init-timeout', real(10), '--json']);
    expect([done.code, server.snapshot().initCount]).toEqual([0, 1]);
    expect(sent(server)).toEqual({ 'init AUG_2020_INIT': 1 });
    expect(calls(server, true).filter((one) => one.startsWith('status')).length).toBeGreaterThan(2);
  });

  it('creates and finalizes of 75 s, which outlast --timeout, happen once', { tags: 'slow' }, async () => {
    const { server, at } = await world({
      duplicates: 'reissue',
      faults: ['create=late:75s', 'finalize=late:75s'],
    });
    const done = await call(at, [...CUSTOMERS, '--finalize', '--timeout', real(60), '--json']);
    expect([done.code, done.json.error]).toEqual([0, null]);
    // The second create asks for the upload URL, which was lost with the answer.
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(1);
    const batches = server.snapshot().batches.filter(({ jobId }) => jobId === 'AUG_2020_CUS');
    expect(batches.map(({ finalizeCount }) => finalizeCount)).toEqual([1]);
  });

  it('an effect 3 s after a 504 is found, for init and finalize', async () => {
    const { server, at } = await world({ ...worldOptions(['gateway']), duplicates: 'reissue' });
    expect((await call(at, INIT)).code).toBe(0);
    expect((await call(at, [...CUSTOMERS, '--finalize'])).code).toBe(0);
    expect(server.snapshot().initCount).toBe(1);
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(1);
  });

  it('a read lag after create and finalize is waited for, not taken for a lost batch', async () => {
    const { server, at } = await world(worldOptions(['read-lag']));
    const done = await call(at, [...CUSTOMERS, '--finalize', '--wait', '--json']);
    expect([done.code, done.json.outcome]).toEqual([0, 'succeeded']);
    expect(sent(server)).toEqual({ 'create AUG_2020_CUS': 1, 'finalize AUG_2020_CUS': 1 });
  });

  it('a call that did not happen is sent again once the settle time is over', async () => {
    const { server, at } = await world({ faults: ['init=status:504'] });
    const began = clock.now();
    const done = await call(at, [...INIT, '--settle', '30s']);
    expect([done.code, server.snapshot().initCount]).toEqual([0, 1]);
    expect(clock.now() - began).toBeGreaterThanOrEqual(30_000);
    expect(sent(server)).toEqual({ 'init AUG_2020_INIT': 2 });
  });

  it('the wait is shown, can be interrupted, and goes on in a later run', async () => {
    const { server, at } = await world({ faults: ['init=status:504'] });
    const interruption = new AbortController();
    const timer = setTimeout(() => interruption.abort('SIGINT'), 400);
    const first = await call(at, [...INIT, '--progress', 'json'], interruption.signal);
    clearTimeout(timer);
    expect(first.code).toBe(130);
    expect(first.stderr).toContain(
      'Init AUG_2020_INIT may still take effect: asking the server for up to 15 min',
    );
    expect(sent(server)).toEqual({ 'init AUG_2020_INIT': 1 });
    const began = clock.now();
    const second = await call(at, [...INIT, '--settle', '60s']);
    expect([second.code, server.snapshot().initCount]).toEqual([0, 1]);
    // Counted from the first run's call, not from the start of this one.
    expect(clock.now() - began).toBeLessThan(60_000);
  });

  it('an init interrupted before its answer is reported as unknown, not as not run', async () => {
    const { server, at } = await world({ faults: ['init=hang-after'] });
    const interruption = new AbortController();
    const underWay = setInterval(() => {
      if (server.snapshot().initCount === 1) interruption.abort('SIGINT');
    }, 5);
    const first = await call(at, [...INIT, '--json'], interruption.signal);
    clearInterval(underWay);
    expect(first.code).toBe(130);
    expect(first.json.error?.message).toBe(
      'Interrupted (SIGINT). AUG_2020_INIT was not answered: it is unknown whether it ran.',
    );
    expect(first.json.batches).toMatchObject([{ jobId: 'AUG_2020_INIT', phase: 'draft' }]);
    const next = (await call(at, ['--json'])).json['next'] as { command: string };
    expect(next.command).toBe('ebill init --job AUG_2020');
  });

  it('an interrupted finalize that takes effect after 75 s is not sent twice', async () => {
    const { server, at } = await world({ faults: ['finalize=late:75s'] });
    expect((await call(at, CUSTOMERS)).code).toBe(0);
    const interruption = new AbortController();
    const underWay = setInterval(() => {
      if (sent(server)['finalize AUG_2020_CUS'] === 1) interruption.abort('SIGINT');
    }, 5);
    const first = await call(at, ['finalize', '--job', 'AUG_2020'], interruption.signal);
    clearInterval(underWay);
    expect(first.code).toBe(130);
    const second = await call(at, ['finalize', '--job', 'AUG_2020']);
    expect(second.code).toBe(0);
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(1);
  });

  it('items given while a finalize is in doubt are on record before the wait, so no later finalize forgets them', async () => {
    const { server, at } = await world({ faults: ['finalize=hang'] });
    const [invoice, first, second] = ['INV_AUG_2020.csv', 'ITM_AUG_2020_1.csv', 'ITM_AUG_2020_2.csv'];
    const upload = ['upload', 'invoice', invoice, '--items', first, '--job', 'AUG_2020'] as string[];
    expect((await call(at, upload)).code).toBe(0);
    const interruptedWhen = async (args: readonly string[], when: () => boolean): Promise<number> => {
      const interruption = new AbortController();
      const timer = setInterval(() => {
        if (when()) interruption.abort('SIGINT');
      }, 20);
      const { code } = await call(at, args, interruption.signal);
      clearInterval(timer);
      return code;
    };
    const asked = (): number => calls(server, true).filter((one) => one.startsWith('status')).length;
    const isSent = (): boolean => sent(server)['finalize AUG_2020_INV'] === 1;
    expect(await interruptedWhen(['finalize'], isSent)).toBe(130);
    const before = asked();
    const items = ['upload', 'items', second as string, '--job', 'AUG_2020'];
    expect(await interruptedWhen(items, () => asked() > before + 1)).toBe(130);
    const refused = await call(at, ['finalize', '--json']);
    expect([refused.code, refused.json.error?.message]).toEqual([
      8,
      expect.stringContaining(second as string),
    ]);
  });

  it('a settle time of 0 leaves out the waiting, not the questions', async () => {
    const { server, at } = await world({ faults: ['init=status:504'] });
    const done = await call(at, [...INIT, '--settle', '0']);
    expect([done.code, server.snapshot().initCount]).toEqual([0, 1]);
    const all = calls(server, true);
    expect(all).toEqual([
      'status AUG_2020_INIT',
      'init AUG_2020_INIT',
      'status AUG_2020_INIT',
      'init AUG_2020_INIT',
    ]);
  });
});

describe("another batch's answer", () => {
  it('does not make an init or a finalize done', async () => {
    const { server, at } = await world({
      faults: ['init=other-job-id', 'finalize=other-batch', 'status@4=other-batch'],
    });
    expect((await call(at, INIT)).code).toBe(0);
    const done = await call(at, [...CUSTOMERS, '--finalize', '--wait', '--json']);
    expect([done.code, done.json.outcome]).toEqual([0, 'succeeded']);
    expect(server.snapshot().initCount).toBe(1);
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(1);
  });

  it('ends with a conflict that names both batches when it comes twice in a row', async () => {
    const { server, at } = await world({ faults: ['status@2-=other-job-id'] });
    expect((await call(at, CUSTOMERS)).code).toBe(0);
    const done = await call(at, ['finalize', '--json']);
    expect([done.code, done.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect(done.json.error?.message).toMatch(
      /asked about AUG_2020_CUS \(batch \d+\), the server answered about \S+ \(batch/,
    );
    expect(sent(server)['finalize AUG_2020_CUS']).toBeUndefined();
  });

  it('ids with zeros in front are followed to the end', async () => {
    const { at } = await world(worldOptions(['padded-ids']));
    const done = await call(at, [...CUSTOMERS, '--finalize', '--wait']);
    expect([done.code, done.stderr]).toEqual([0, expect.any(String)]);
    // What is on record was padded from the first answer; another number of zeros is met in test/api/client.test.ts.
    expect((await call(at, ['status', '--json'])).json.outcome).toBe('succeeded');
  });
});

describe('a draft by another name', () => {
  it.each(['Created', 'Parked', 'Success'])(
    '%s: it is finalized once, and again says so',
    async (draftName) => {
      const { server, at } = await world({ draftName });
      expect((await call(at, [...CUSTOMERS, '--json'])).json.batches[0]?.phase).toBe('uploaded');
      const done = await call(at, ['finalize']);
      expect([done.code, done.stderr]).toEqual([
        0,
        expect.stringContaining('AUG_2020_CUS submitted for processing'),
      ]);
      const again = await call(at, ['finalize']);
      expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('already finalized')]);
      expect(sent(server)['finalize AUG_2020_CUS']).toBe(1);
      expect((await call(at, ['watch', '--json'])).json.outcome).toBe('succeeded');
    },
  );

  it('a finalize answered 200 that changes nothing is not done: it is sent again', async () => {
    const { server, at } = await world({ faults: ['finalize=ignored'] });
    const done = await call(at, [...CUSTOMERS, '--finalize', '--wait', '--json']);
    expect([done.code, done.json.outcome]).toEqual([0, 'succeeded']);
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(2);
  });

  it('… but not a third time', { tags: 'slow' }, async () => {
    const { server, at } = await world({ faults: ['finalize@*=ignored'] });
    const done = await call(at, [...CUSTOMERS, '--finalize', '--json']);
    expect([done.code, done.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
    expect(done.json.error?.message).toContain('still Draft');
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(2);
  });

  it('a finalize answered with the status of a failure is not done while the batch stays a draft', {
    tags: 'slow',
  }, async () => {
    const { server, at } = await world({ faults: ['finalize=failed-status'] });
    const done = await call(at, [...CUSTOMERS, '--finalize', '--wait', '--json']);
    expect([done.code, done.json.outcome]).toEqual([0, 'succeeded']);
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(2);
  });

  it('… and after the second ends with 6', async () => {
    const { server, at } = await world({ faults: ['finalize@*=failed-status'] });
    const done = await call(at, [...CUSTOMERS, '--finalize', '--wait', '--json']);
    expect([done.code, done.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
    expect(done.json.error?.message).toContain('still Draft');
    expect(sent(server)['finalize AUG_2020_CUS']).toBe(2);
  });

  it('a finalize answered 200 without a status is not done: the server is asked', async () => {
    const { server, at } = await world({ faults: ['finalize=no-status'] });
    const done = await call(at, [...CUSTOMERS, '--finalize', '--json']);
    expect([done.code, sent(server)['finalize AUG_2020_CUS']]).toEqual([0, 1]);
    expect(calls(server, true).at(-1)).toMatch(/^status/);
  });
});

describe('a batch that the server lost', () => {
  it('is neither finalized nor suggested for loading again, and holds up no other', async () => {
    const { server, at } = await world({ faults: ['status[AUG_2020_CUS]@2=forget'] });
    expect((await call(at, CUSTOMERS)).code).toBe(0);
    expect((await call(at, ['upload', 'customer', 'ITM_AUG_2020_1.csv', '--no-validate'])).code).toBe(0);
    await call(at, ['status']);
    await clock.sleep(61_000);
    const done = await call(at, ['finalize', '--json']);
    expect([done.code, done.json.error?.code]).toEqual([9, 'REJECTED']);
    expect(done.json.error?.message).toContain('AUG_2020_CUS');
    expect(done.json.error?.hint).not.toMatch(/--again|upload/);
    expect(sent(server)['finalize AUG_2020_CUS']).toBeUndefined();
    expect(sent(server)['finalize AUG_2020_CUS_2']).toBe(1);
  });

  it('is named by an upload of its file, and replaced with --again: then all commands agree', {
    tags: 'slow',
  }, async () => {
    const { at, server } = await world({ faults: ['status[AUG_2020_CUS]@2=forget'] });
    expect((await call(at, CUSTOMERS)).code).toBe(0);
    await call(at, ['status']);
    await clock.sleep(61_000);
    expect((await call(at, ['status', '--exit-status', '--json'])).code).toBe(4);
    const repeated = await call(at, [...CUSTOMERS, '--json']);
    expect([repeated.code, repeated.json.error?.code]).toEqual([4, 'UNACCOUNTED']);
    expect(repeated.json.error?.message).toContain('no longer knows AUG_2020_CUS');
    expect(repeated.stderr).not.toContain('ebill finalize');
    expect((await call(at, [...CUSTOMERS, '--again'])).code).toBe(0);
    expect((await call(at, ['finalize'])).code).toBe(0);
    for (const command of ['watch', 'results', 'report'])
      expect([command, (await call(at, [command, '--json'])).code]).toEqual([command, 0]);
    const submitted = server.snapshot().batches.filter(({ finalizeCount }) => finalizeCount > 0);
    expect(submitted.map(({ jobId }) => jobId)).toEqual(['AUG_2020_CUS_2']);
  });
});

it('an upload URL that has expired by this clock alone is tried: the storage judges that', async () => {
  const { server, at } = await world({});
  const ahead = (): number => clock.now() + 2 * 3_600_000;
  const done = await call(at, [...CUSTOMERS, '--json'], undefined, ahead);
  expect([done.code, sent(server)]).toEqual([0, { 'create AUG_2020_CUS': 1 }]);
});

describe('a job id that another client used', () => {
  it('is found before its first use, in a load that was started here', async () => {
    const { server, at } = await world({ duplicates: 'reissue' });
    expect((await call(at, INIT)).code).toBe(0);
    const other = machine(server);
    await month(other, { records: 7 });
    expect((await call(other, CUSTOMERS)).code).toBe(0);
    const done = await call(at, [...CUSTOMERS, '--json']);
    expect([done.code, done.json.error?.code]).toEqual([8, 'CONFLICT']);
    // Under the same name the storage would replace the other file.
    expect(done.json.error?.hint).toMatch(/--adopt.*--next.*rename this one first/);
    expect(sent(server)['create AUG_2020_CUS']).toBe(1);
    const next = await call(at, [...CUSTOMERS, '--next', '--json']);
    expect([next.code, next.json.batches[0]?.jobId]).toEqual([0, 'AUG_2020_CUS_2']);
  });

  it('of items is found with one question about their invoice batch', async () => {
    const { server, at } = await world({ duplicates: 'reissue' });
    expect((await call(at, ['upload', 'invoice', 'INV_AUG_2020.csv', '--job', 'AUG_2020'])).code).toBe(0);
    const other = machine(server);
    await month(other, { records: 9, itemFiles: 1 });
    const items = ['upload', 'items', 'ITM_AUG_2020_1.csv', '--job', 'AUG_2020'];
    expect((await call(other, items)).code).toBe(0);
    const before = calls(server, true).length;
    const done = await call(at, [...items, '--json']);
    expect([done.code, done.json.error?.code]).toEqual([8, 'CONFLICT']);
    expect(
      calls(server, true)
        .slice(before)
        .every((one) => one === 'status AUG_2020_INV'),
    ).toBe(true);
  });
});

describe('an init with other options than the one on record', () => {
  it('is a conflict that lists them, under --dry-run too', async () => {
    const { server, at } = await world({});
    expect((await call(at, [...INIT, '--no-carry-forward-invoices'])).code).toBe(0);
    for (const more of [[], ['--dry-run']]) {
      const zeroed = [...INIT, '--zero-out-customer-balance', '--yes', '--json', ...more];
      const done = await call(at, zeroed);
      expect([done.code, done.json.error?.code]).toEqual([8, 'CONFLICT']);
      expect(done.json.error?.message).toContain('carry forward invoices: no, now asked for: yes');
      expect(done.json.error?.message).toContain('balances to zero: no, now asked for: yes');
    }
    expect((await call(at, [...INIT, '--no-carry-forward-invoices'])).code).toBe(0);
    expect(server.snapshot().initCount).toBe(1);
  });
});

it('a load has one init, whatever its job id: without --job-id the one on record is meant', async () => {
  const { server, at } = await world({});
  expect((await call(at, [...INIT, '--job-id', 'START'])).code).toBe(0);
  for (const more of [[], ['--dry-run']]) {
    const other = await call(at, [...INIT, '--job-id', 'AUG_2020_INIT', '--json', ...more]);
    expect([other.code, other.json.error?.message]).toEqual([
      8,
      'The load AUG_2020 was started with the init START, not AUG_2020_INIT.',
    ]);
  }
  expect((await call(at, INIT)).code).toBe(0);
  writeFileSync(join(at.cwd, 'plan.yaml'), 'job: AUG_2020\ninit: {}\ncustomers: [CUS_AUG_2020.csv]\n');
  expect((await call(at, ['run', 'plan.yaml'])).code).toBe(0);
  expect(server.snapshot().initCount).toBe(1);
});

it('a cached "Draft" after a lost answer leads to no second finalize', async () => {
  const { server, at } = await world({ ...worldOptions(['cache']), faults: ['finalize=status-after:504'] });
  expect((await call(at, [...CUSTOMERS, '--finalize', '--settle', '0'])).code).toBe(0);
  expect(sent(server)['finalize AUG_2020_CUS']).toBe(1);
});
