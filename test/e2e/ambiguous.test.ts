import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { someRows } from '../helpers/some-rows.ts';
import { machine, month, sandbox } from './harness.ts';

/** Answers that may hide success (api rule 15): with the effect, and without. */
const LOST = [
  'reset-after',
  'cut',
  'truncate',
  'empty',
  'html',
  'status-after:500',
  'status-after:503',
  'status-after:504',
];
const NOT_DONE = [
  'reset-before',
  'status:500',
  'status:502',
  'status:503,retry-after:1',
  'html-before',
  'status:429,retry-after:1',
  'status:408',
];

const INIT = ['init', '--job', 'AUG_2020'];
const CUSTOMERS = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020', '--finalize'];
const INVOICES = [
  'upload',
  'invoice',
  'INV_AUG_2020.csv',
  '--items',
  'ITM*.csv',
  '--job',
  'AUG_2020',
  '--wait',
];
const WATCH = ['watch', '--job', 'AUG_2020'];

/** A command that makes the call, and the job ids of what it uploads. */
const COMMANDS = {
  init: { line: INIT, jobIds: [] },
  customer: { line: CUSTOMERS, jobIds: ['AUG_2020_CUS'] },
  invoice: { line: INVOICES, jobIds: ['AUG_2020_INV', 'AUG_2020_ITM_1', 'AUG_2020_ITM_2'] },
};

/** Runs command lines while the first answer to a call is missing: all end with 0, and each effect happened once. */
async function recovers(
  call: string,
  action: string,
  commands: readonly (typeof COMMANDS)[keyof typeof COMMANDS][],
): Promise<void> {
  // A reissue keeps the drafts countable: each batch is created once, whatever was asked how often.
  const server = await sandbox({ duplicates: 'reissue', faults: [`${call}@1=${action}`] });
  const at = machine(server);
  await month(at, { records: 4, itemFiles: 2 });
  for (const line of [...commands.map((one) => one.line), WATCH]) {
    const done = await at.call(line);
    expect([line, done.code, done.stderr]).toEqual([line, 0, done.stderr]);
  }
  const told = server.snapshot();
  expect(told.initCount).toBe(commands.includes(COMMANDS.init) ? 1 : 0);
  const files = told.batches.filter((batch) => batch.inputFilename !== null);
  expect(files.map((batch) => batch.jobId).sort()).toEqual(commands.flatMap(({ jobIds }) => jobIds).sort());
  const finalized = files.filter((batch) => batch.kind !== 'items');
  expect(finalized.map((batch) => batch.finalizeCount)).toEqual(finalized.map(() => 1));
  expect(server.requests.some((request) => request.fault !== null)).toBe(true);
  if (LOST.includes(action)) {
    // Never blind: the request after the lost answer is a question.
    const lost = server.requests.findIndex((request) => request.fault !== null);
    const after = server.requests
      .slice(lost + 1)
      .find((request) => request.side === 'api' && request.jobId === server.requests[lost]?.jobId);
    expect(after?.call).toBe('status');
  }
}

describe.each([
  ['init', COMMANDS.init],
  ['create:customer', COMMANDS.customer],
  ['finalize:customer', COMMANDS.customer],
])('a missing answer to %s', (call, command) => {
  const { some, others } = someRows([...LOST, ...NOT_DONE], 3);
  const recoversFrom = (action: string): Promise<void> => recovers(call, action, [command]);
  it.each(some)('is recovered from, with each effect once: %s', recoversFrom);
  it.each(others)('is recovered from, with each effect once: %s', { tags: 'slow' }, recoversFrom);
});

// All answers to all requests of a month: npm run test:faults.
describe.each(['create:invoice', 'create:items', 'finalize:invoice'])('a missing answer to %s', (call) => {
  it.each(['reset-after'])('is recovered from, with each effect once: %s', (action) =>
    recovers(call, action, [COMMANDS.invoice]),
  );
  it.each(['status-after:504', 'reset-before', 'truncate', 'html', 'status:503,retry-after:1'])(
    'is recovered from, with each effect once: %s',
    { tags: 'slow' },
    (action) => recovers(call, action, [COMMANDS.invoice]),
  );
});

describe.each([
  'init',
  'create:customer',
  'create:invoice',
  'create:items',
  'finalize:customer',
  'finalize:invoice',
])('a missing answer to %s in a whole month', (call) => {
  it('is recovered from, with each effect once: reset-after', () =>
    recovers(call, 'reset-after', Object.values(COMMANDS)));
  it('is recovered from, with each effect once: status:500', { tags: 'slow' }, () =>
    recovers(call, 'status:500', Object.values(COMMANDS)),
  );
});

describe('an upload that fails at first', () => {
  it.each([
    'reset-before',
    'reset-during',
    'reset-after',
    'slowdown',
    'request-timeout',
    'bad-etag',
    'corrupt',
    'kms-etag',
    'html',
    'status:500',
    'expired',
  ])('is complete in the end: %s', async (action) => {
    const server = await sandbox({ duplicates: 'reissue', faults: [`put@1=${action}`] });
    const at = machine(server);
    await month(at, { records: 4, itemFiles: 1 });
    await at.call(['init', '--job', 'AUG_2020']);
    const done = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--wait', '--json']);
    expect(done.code).toBe(0);
    expect(done.json.batches[0]).toMatchObject({ outcome: 'succeeded', recordsSent: 4, successCount: 4 });
  });
});

describe('an upload without evidence that the storage has the file', () => {
  it('is not uploaded: exit 6, nothing is finalized, and the same command resumes it', async () => {
    const server = await sandbox({ duplicates: 'reissue', faults: ['put@1-2=html'] });
    const at = machine(server);
    await month(at, { records: 4, itemFiles: 1 });
    await at.call(['init', '--job', 'AUG_2020']);
    const line = ['upload', 'customer', 'CUS_AUG_2020.csv', '--finalize', '--retries', '1', '--json'];
    const first = await at.call(line);
    expect([first.code, first.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
    expect(first.json.error?.message).toContain('does not prove that the storage has the file');
    expect(first.json.error?.hint).toMatch(
      /: ebill upload customer CUS_AUG_2020\.csv --finalize --retries 1 --json$/,
    );
    expect(first.json.batches[0]).toMatchObject({ phase: 'draft' });
    const status = (await at.call(['status', '--json'])).json.batches;
    expect(status.find(({ jobId }) => jobId === 'AUG_2020_CUS')).toMatchObject({ phase: 'draft' });
    expect(server.requests.some(({ call }) => call === 'finalize')).toBe(false);
    const again = await at.call(line);
    expect(again.code).toBe(0);
    expect(server.requests.filter(({ call }) => call === 'finalize')).toHaveLength(1);
  });
});

describe('an item file that the server or the storage refuses', () => {
  it.each(['create:items@1=status:400', 'put:items@1=status:403'])(
    'says what to do about it: %s',
    async (fault) => {
      const server = await sandbox({ faults: [fault] });
      const at = machine(server);
      await month(at, { records: 4, itemFiles: 1 });
      const line = [
        'upload',
        'invoice',
        'INV_AUG_2020.csv',
        '--items',
        'ITM_AUG_2020_1.csv',
        '--job',
        'AUG_2020',
        '--json',
      ];
      const refused = await at.call(line);
      expect([refused.code, refused.json.error?.code]).toEqual([9, 'REJECTED']);
      expect(refused.json.error?.hint).toContain('--leave-out AUG_2020_ITM_1');
      // A draft that exists cannot be deleted: then the invoice batch starts over.
      const on = fault.startsWith('put')
        ? [...line, '--restart-invoice']
        : ['finalize', '--leave-out', 'AUG_2020_ITM_1'];
      expect((await at.call(on)).code).toBe(0);
    },
  );
});

describe('a file of more than 5 GiB', () => {
  it.each([[[]], [['--no-validate']]])('is refused before anything is sent (%s)', async (more) => {
    const server = await sandbox();
    const at = machine(server);
    await month(at, { records: 4, itemFiles: 1 });
    truncateSync(join(at.cwd, 'CUS_AUG_2020.csv'), 5 * 1024 ** 3 + 1);
    const line = ['upload', 'customer', 'CUS_AUG_2020.csv', '--job', 'AUG_2020', ...more, '--json'];
    const refused = await at.call(line);
    expect([refused.code, refused.json.error?.code]).toEqual([2, 'INVALID_FILE']);
    expect(refused.json.files?.[0]?.findings.map(({ code }) => code)).toEqual(['too-large']);
    expect(server.requests).toEqual([]);
  });
});

describe('a failure that persists', () => {
  it('ends with 6 after the retries, and the next call resumes', async () => {
    const server = await sandbox({ faults: ['put@1-3=slowdown'] });
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    const first = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--retries', '2', '--json']);
    expect(first.code).toBe(6);
    expect(first.json).toMatchObject({
      job: 'AUG_2020',
      error: { code: 'UNAVAILABLE' },
      batches: [{ jobId: 'AUG_2020_CUS', phase: 'draft' }],
    });
    const again = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--json']);
    expect(again.code).toBe(0);
  });

  it('shows what the server answered when it refused', async () => {
    const server = await sandbox({ faults: ['create@*=status:422'] });
    const at = machine(server);
    await month(at);
    await at.call(['init', '--job', 'AUG_2020']);
    const done = await at.call(['upload', 'customer', 'CUS_AUG_2020.csv', '--json']);
    expect(done.code).toBe(9);
    expect(done.json.error).toMatchObject({ code: 'REJECTED', message: expect.stringContaining('HTTP 422') });
  });

  it('never follows a redirect of a changing call', async () => {
    const server = await sandbox({ faults: ['init@1=redirect:http://127.0.0.1:1/elsewhere'] });
    const at = machine(server);
    const done = await at.call(['init', '--job', 'AUG_2020', '--json']);
    expect(done.code).toBe(9);
    expect(done.json.error?.message).toContain('redirected');
    expect(server.snapshot().initCount).toBe(0);
  });

  it('ends with 5 for wrong credentials and with 6 for a closed port', async () => {
    const server = await sandbox();
    const at = machine(server, { EBILL_TOKEN: 'wrong' });
    const refused = await at.call(['init', '--job', 'AUG_2020', '--json']);
    expect([refused.code, refused.json.error?.code]).toEqual([5, 'AUTH']);
    const closed = await at.call(['init', '--job', 'AUG_2020', '--json'], {
      env: { EBILL_BASE_URL: 'http://127.0.0.1:9' },
    });
    expect([closed.code, closed.json.error?.code]).toEqual([6, 'UNAVAILABLE']);
    expect(closed.json.error?.message).toContain('connection refused');
  });
});
