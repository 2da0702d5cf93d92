import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { lineOf } from '../../src/load/journal-line.ts';
import { journalPath } from '../../src/load/journal-places.ts';
import { EBILL, type Machine, type Ran } from '../e2e/harness.ts';
import { startMonth } from './killed.ts';
import {
  finish,
  finishAndJudge,
  JOB,
  journalsOf,
  judge,
  monthLines,
  need,
  note,
  type Trial,
  trial,
} from './load.ts';
import type { Point } from './tally.ts';

const [INIT = [], CUSTOMERS = [], INVOICE = []] = monthLines();

const point = (
  name: string,
  options: Parameters<typeof trial>[0],
  work: (one: Trial) => Promise<void>,
): Point => ({
  name,
  run: () =>
    trial(options, async (one) => {
      await work(one);
      return true;
    }),
});

/** Until the sandbox has `count` requests, or ten seconds have passed. */
async function requests({ server }: Trial, count: number): Promise<void> {
  for (let i = 0; i < 2000 && server.requests.length < count; i += 1) await delay(5);
}

/** A process that holds the load, and what another one reports meanwhile. */
export const lockPoints: readonly Point[] = [
  point('a second writer is told who holds the load', { faults: ['create@1=hang-after'] }, async (one) => {
    const { at, server } = one;
    need((await at.call(INIT)).code === 0, 'it begins');
    const holder = startMonth(one, {}, [CUSTOMERS]);
    // The other file's create and put go through.
    await requests(one, 5);
    await delay(150);
    const before = server.requests.length;
    const second = await at.run(INVOICE);
    need(second.code === 8, `the second ends with ${second.code}`);
    need(
      second.json.error?.message.includes(`process ${holder.pid}`) === true,
      `no holder is named: ${second.json.error?.message}`,
    );
    need(server.requests.length === before, 'the second sent something');
    // Looking needs no lock.
    need((await at.call(['status', '--job', JOB, '--json'])).code === 0, 'status is locked out');
    holder.kill('SIGKILL');
    await holder.ended;
    const began = Date.now();
    await finishAndJudge(one, { duplicates: 'refuse' });
    need(Date.now() - began < 4_000, 'the lock of a dead process is not free at once');
  }),
  point(
    'a second writer waits for one that is soon through',
    { duplicates: 'reissue', latencyMs: 60 },
    async (one) => {
      need((await one.at.call(INIT)).code === 0, 'it begins');
      const first = startMonth(one, {}, [CUSTOMERS]);
      await requests(one, 4);
      const second = await one.at.run(CUSTOMERS);
      need(second.code === 0, `the second ends with ${second.code}: ${second.stderr}`);
      need(
        /Waiting for/.test(second.stderr) || (await first.ended).code === 0,
        'it does not say that it waits',
      );
      need((await first.ended).code === 0, 'the first fails');
      const creates = one.server.requests.filter(({ call }) => call === 'create');
      need(creates.length === 2, `${creates.length} creates for two files`);
      await finishAndJudge(one, { duplicates: 'reissue' });
    },
  ),
  point(
    'the lock of a killed process is free for one that waits',
    { duplicates: 'reissue', faults: ['create@1=hang'] },
    async (one) => {
      need((await one.at.call(INIT)).code === 0, 'it begins');
      const holder = startMonth(one, {}, [CUSTOMERS]);
      await requests(one, 4);
      const second = one.at.run(CUSTOMERS);
      await delay(700);
      holder.kill('SIGKILL');
      need(
        (await second).code === 0,
        `the waiting one ends with ${(await second).code}: ${(await second).stderr}`,
      );
      await finishAndJudge(one, { duplicates: 'reissue' });
    },
  ),
];

const LEAVE_WITHIN_MS = 2_000;

/** A person, or an orchestrator, interrupts an upload when the sandbox has had some requests. */
export function interruptPoint(signal: 'SIGINT' | 'SIGTERM', count: number): Point {
  return point(`${signal} at request ${count}`, { duplicates: 'reissue', latencyMs: 15 }, async (one) => {
    const { at } = one;
    for (const line of [INIT, CUSTOMERS]) need((await at.call(line)).code === 0, 'it begins');
    const before = one.server.requests.length;
    let pid = 0;
    let left = 0;
    const ran = at
      .run(INVOICE, {
        entry: EBILL,
        onStart: (started) => {
          pid = started;
        },
      })
      .finally(() => {
        left = Date.now();
      });
    await requests(one, before + count);
    const sent = Date.now();
    try {
      process.kill(pid, signal);
    } catch {
      // It was through already.
    }
    assertLeft(await ran, signal, left - sent, INVOICE);
    await finishAndJudge(one, { duplicates: 'reissue' });
  });
}

function assertLeft(ran: Ran, signal: string, ms: number, line: readonly string[]): void {
  if (ran.code === 0) return;
  need(ran.code === (signal === 'SIGINT' ? 130 : 143), `${signal} ends with ${ran.code}: ${ran.stderr}`);
  need(ms < LEAVE_WITHIN_MS, `${signal} takes ${ms} ms`);
  const { error } = ran.json;
  need(error?.code === 'INTERRUPTED' && error.message.includes(`Interrupted (${signal})`), 'not said');
  need(
    /Batches: \d+ (draft|uploaded)/.test(error.message),
    `where things stand is not said: ${error.message}`,
  );
  need(error.hint.includes(`ebill ${line.join(' ')}`), `the command that goes on is not said: ${error.hint}`);
}

/** Silence on the other side: an interruption waits a moment for the answer, a second one does not. */
export const impatientPoints: readonly Point[] = [
  point(
    'SIGINT while the server is silent',
    { duplicates: 'reissue', faults: ['create@1=hang-after'] },
    async (one) => {
      const { code, ms } = await interrupted(one, ['SIGINT']);
      need(code === 130 && ms < LEAVE_WITHIN_MS + 500, `${code} after ${ms} ms`);
      await finishAndJudge(one, { duplicates: 'reissue' });
    },
  ),
  point(
    'a second SIGTERM leaves at once',
    { duplicates: 'reissue', faults: ['create@1=hang-after'] },
    async (one) => {
      const { code, ms } = await interrupted(one, ['SIGTERM', 'SIGTERM']);
      need(code === 143 && ms < 1_000, `${code} after ${ms} ms`);
      await finishAndJudge(one, { duplicates: 'reissue' });
    },
  ),
];

async function interrupted(
  one: Trial,
  signals: readonly NodeJS.Signals[],
): Promise<{ code: number | null; ms: number }> {
  need((await one.at.call(INIT)).code === 0, 'it begins');
  let pid = 0;
  const ran = one.at.run(CUSTOMERS, {
    entry: EBILL,
    onStart: (started) => {
      pid = started;
    },
  });
  await requests(one, 3);
  await delay(100);
  const began = Date.now();
  for (const signal of signals) {
    process.kill(pid, signal);
    await delay(60);
  }
  const { code } = await ran;
  return { code, ms: Date.now() - began };
}

/** The disk, the files and the set-up are not what they were. */
export const changePoints: readonly Point[] = [
  point('a journal on a device that is always full', {}, async ({ at, server }) => {
    const path = await journalPathOf(at, server.requests.length);
    symlinkSync('/dev/full', path);
    const ran = await at.call(INIT);
    need(ran.code === 2 && server.requests.length === 0, `${ran.code}, ${server.requests.length} requests`);
  }),
  point('a home that cannot be written to', {}, async ({ at, server }) => {
    const file = await at.run(INIT, { env: { EBILL_HOME: join(at.cwd, 'cus_1.csv') } });
    need(
      file.code === 2 && /EBILL_HOME/.test(file.json.error?.hint ?? ''),
      `a file: ${file.code} ${file.stdout}`,
    );
    chmodSync(at.cwd, 0o755);
    chmodSync(at.home, 0o555);
    // To root nothing is read-only: then somebody else tries.
    const barred = await startMonth({ server, at }, {}, [INIT], process.getuid?.() === 0 ? 65_534 : undefined)
      .ended;
    chmodSync(at.home, 0o755);
    need(
      barred.code === 2 && /EBILL_HOME/.test(barred.stdout),
      `read-only: ${barred.code} ${barred.stdout}${barred.stderr}`,
    );
    need(server.requests.length === 0, 'something was sent');
  }),
  ...[[], ['put@*=kms-etag']].map((faults) =>
    point(
      `a file that changes while it is sent, where the ETag is ${faults.length === 0 ? 'its' : 'no'} MD5`,
      { duplicates: 'reissue', bandwidth: 6_000_000, faults },
      async (one) => {
        const { at, server } = one;
        const path = join(at.cwd, 'cus_big.csv');
        const rows = Array.from({ length: 700_000 }, (_, i) => `B${i},Customer ${i}`);
        const text = `Account Number,Name\n${rows.join('\n')}\n`;
        writeFileSync(path, text);
        need((await at.call(INIT)).code === 0, 'it begins');
        const line = ['upload', 'customer', 'cus_big.csv', '--job', JOB, '--json'];
        const running = at.run(line);
        for (
          let i = 0;
          i < 2000 && !server.requests.some(({ call, bodyBytes }) => call === 'put' && bodyBytes > 0);
          i += 1
        )
          await delay(5);
        writeFileSync(path, text.replace(/Customer 699999/, 'Customer 69999X'));
        const changed = await running;
        need(changed.code === 8, `a changed file ends with ${changed.code}: ${changed.stderr}`);
        const early = await at.call(['finalize', '--job', JOB, '--json']);
        need(early.code === 8, `finalized with a changed file: ${early.code}`);
        need(
          server.snapshot().batches.every(({ finalizeAttempts }) => finalizeAttempts === 0),
          'it was finalized',
        );
        const other = await at.call(line);
        need(other.code === 8, `other content under the same name ends with ${other.code}`);
        writeFileSync(path, text);
        const lines = [
          line,
          ['finalize', '--job', JOB, '--json'],
          ['watch', '--interval', '1s', '--job', JOB, '--json'],
        ];
        await finish(one, { duplicates: 'reissue', lines });
        const batch = server.snapshot().batches.find(({ inputFilename }) => inputFilename === 'cus_big.csv');
        need(batch?.successCount === 700_000 && batch.finalizeCount === 1, `${batch?.successCount} records`);
      },
    ),
  ),
  point(
    'files moved half-way',
    { duplicates: 'reissue', faults: ['put:items@3=status:403'] },
    async (one) => {
      const { at } = one;
      for (const line of [INIT, CUSTOMERS]) need((await at.call(line)).code === 0, 'it begins');
      need((await at.call(INVOICE)).code === 9, 'it is broken off');
      mkdirSync(join(at.cwd, 'moved'));
      for (const name of readdirSync(at.cwd).filter((each) => each.endsWith('.csv')))
        renameSync(join(at.cwd, name), join(at.cwd, 'moved', name));
      const lines = monthLines().map((line) =>
        line.map((word) => (word.endsWith('.csv') ? `moved/${word}` : word)),
      );
      await finish(one, { duplicates: 'reissue', lines });
      const { lost, doubled, wrong } = judge(one.server, [at.home], 'reissue');
      need(lost.length + doubled.length + wrong.length === 0, [...lost, ...doubled, ...wrong].join('; '));
    },
  ),
  point("another profile's load of the same name", { duplicates: 'reissue' }, async (one) => {
    const { at, server } = one;
    const other = await trial({ duplicates: 'reissue' }, async (second) => {
      const env = { EBILL_BASE_URL: second.server.apiUrl };
      need((await at.call(INIT)).code === 0, 'the one begins');
      for (const line of [INIT, CUSTOMERS]) {
        const ended = note(second.server, at, line);
        const { code } = await at.call(line, { env });
        ended(code);
        need(code === 0, `${line[0]} for the other`);
      }
      return second.server.snapshot();
    });
    need(other.initCount === 1 && server.snapshot().initCount === 1, 'one init each');
    need(
      server.snapshot().batches.every(({ kind }) => kind !== 'customer'),
      'a file went to the wrong server',
    );
    await finishAndJudge(one, { duplicates: 'reissue' });
  }),
  point('a journal of a newer program', {}, async (one) => {
    const { at, server } = one;
    need((await at.call(INIT)).code === 0, 'it begins');
    const [path = ''] = journalsOf(at.home);
    const [first = '', ...others] = readFileSync(path, 'utf8').split('\n');
    const { sum: _, ...header } = JSON.parse(first) as Record<string, unknown>;
    const text = lineOf({ ...header, ebillJournal: 2 }) + others.join('\n');
    writeFileSync(path, text);
    const before = server.requests.length;
    for (const line of [INIT, CUSTOMERS, ['finalize', '--job', JOB, '--json']]) {
      const ran = await at.call(line);
      need(ran.code === 8 && /newer ebill/.test(ran.json.error?.message ?? ''), `${line[0]}: ${ran.code}`);
    }
    need(
      server.requests.length === before && readFileSync(path, 'utf8') === text,
      'something was sent or written',
    );
  }),
];

/** Where the load's journal will be; its folder is made. */
async function journalPathOf(at: Machine, sentBefore: number): Promise<string> {
  const probe = await at.call(['init', '--job', JOB, '--json'], {
    env: { EBILL_BASE_URL: 'http://127.0.0.1:9' },
  });
  expect([probe.code, sentBefore]).toEqual([6, 0]);
  const [made = ''] = journalsOf(at.home);
  const path = journalPath(dirname(dirname(dirname(made))), { baseUrl: at.env['EBILL_BASE_URL'] ?? '' }, JOB);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}
