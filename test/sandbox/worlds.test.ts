import { describe, expect, test } from 'vitest';
import { sandboxOptions, WORLD_NAMES, worldOptions } from '../../src/sandbox/index.ts';
import {
  batch,
  create,
  field,
  finalize,
  init,
  lastRequest,
  post,
  put,
  type Reply,
  sandbox,
  send,
  status,
  upload,
  xml,
} from './rig.ts';

/** A clock that a test moves, and the sleeps by it. */
function clock() {
  let now = Date.UTC(2020, 7, 31);
  let sleeping: { readonly until: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms: number) =>
      new Promise<void>((resolve) => {
        sleeping.push({ until: now + ms, wake: resolve });
      }),
    /** How many sleep. */
    sleepers: () => sleeping.length,
    pass: (ms: number) => {
      now += ms;
      const due = sleeping.filter(({ until }) => until <= now);
      sleeping = sleeping.filter(({ until }) => until > now);
      for (const { wake } of due) wake();
    },
  };
}

async function atClock(options: Parameters<typeof sandbox>[0]) {
  const { now, sleep, sleepers, pass } = clock();
  const box = await sandbox({ ...options, now, sleep });
  /** Until `count` requests wait. */
  const waiting = (count: number) => expect.poll(sleepers, { interval: 5 }).toBe(count);
  return { box, pass, waiting };
}

const byJob = (box: { readonly apiUrl: string }, jobId: string, headers: Record<string, string> = {}) =>
  send({ method: 'GET', url: `${box.apiUrl}/rest/batchProcess?jobId=${jobId}`, headers });

const statusOf = async (reply: Promise<Reply>) => field(await reply, 'status');

describe('late', () => {
  test('shows nothing before it is done, and does not refuse the same request meanwhile', async () => {
    const { box, pass, waiting } = await atClock({ repeats: 'execute', faults: ['init@*=late:75s'] });
    const first = init(box, 'A');
    await waiting(1);
    pass(60_000);
    expect((await byJob(box, 'A')).status).toBe(404);
    const second = init(box, 'A');
    await waiting(2);
    pass(15_000);
    expect((await first).status).toBe(200);
    expect(box.snapshot().initCount).toBe(1);
    pass(60_000);
    expect((await second).status).toBe(200);
    expect(box.snapshot().initCount).toBe(2);
  });

  test('a sandbox that closes does not execute what was late', async () => {
    const box = await sandbox({ faults: ['init=late:60s'] });
    const reply = init(box, 'A').catch(() => 'gone');
    await expect.poll(() => box.requests.length, { interval: 5 }).toBe(1);
    await box.close();
    expect([await reply, box.snapshot().initCount]).toEqual(['gone', 0]);
  });
});

test('gateway: 504 after the first time, the effect after the second', async () => {
  const { box, pass, waiting } = await atClock({ faults: ['finalize=gateway:4s,12s'] });
  const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  const reply = finalize(box, id);
  await waiting(2);
  pass(4_000);
  expect((await reply).status).toBe(504);
  expect(await statusOf(status(box, id))).toBe('Draft');
  pass(7_999);
  expect(batch(box, 'A').finalizeCount).toBe(0);
  pass(1);
  await expect.poll(() => batch(box, 'A').finalizeCount, { interval: 5 }).toBe(1);
});

test('hidden: a create is not found for a while, and a finalize shows the draft', async () => {
  const { box, pass } = await atClock({ faults: ['create=hidden:2s', 'finalize=hidden:2s'] });
  const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  expect([(await status(box, id)).status, (await byJob(box, 'A')).status]).toEqual([404, 404]);
  pass(2_000);
  expect(await statusOf(status(box, id))).toBe('Draft');
  expect(await statusOf(finalize(box, id))).toBe('Queued');
  expect(await statusOf(status(box, id))).toBe('Draft');
  pass(2_000);
  expect(await statusOf(status(box, id))).not.toBe('Draft');
});

test('ignored: a finalize is answered 200 with the draft, and the next one is not ignored', async () => {
  const box = await sandbox({ draftName: 'Created', faults: ['finalize=ignored'] });
  const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  expect(await statusOf(finalize(box, id))).toBe('Created');
  expect(lastRequest(box).effect).toBe(false);
  expect(batch(box, 'A')).toMatchObject({ status: 'Created', finalizeCount: 0, finalizeAttempts: 1 });
  expect(await statusOf(finalize(box, id))).toBe('Queued');
});

test('repeats: execute processes a batch again that is finalized again', async () => {
  const box = await sandbox({ repeats: 'execute', processingTimeMs: 0 });
  const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  await finalize(box, id);
  await box.waitForIdle();
  await finalize(box, id);
  await box.waitForIdle();
  expect(batch(box, 'A')).toMatchObject({ finalizeCount: 2, successCount: 1 });
});

test('missingFiles: fail processes nothing, and says so', async () => {
  const box = await sandbox({ missingFiles: 'fail', processingTimeMs: 0 });
  const id = field(await create(box, 'customer', 'A', 'a.csv'), 'id');
  expect((await finalize(box, id)).status).toBe(200);
  await box.waitForIdle();
  const reply = await status(box, id);
  expect([field(reply, 'status'), field(reply, 'errorMessage')]).toEqual(['Failed', 'Input file not found']);
});

test('forget: the batch is known, and then it is not; what it loaded stays loaded', async () => {
  const box = await sandbox({ processingTimeMs: 0, faults: ['status[A]@2=forget'] });
  const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  await finalize(box, id);
  await box.waitForIdle();
  expect([(await status(box, id)).status, (await byJob(box, 'A')).status]).toEqual([200, 200]);
  expect([(await status(box, id)).status, (await byJob(box, 'A')).status]).toEqual([404, 404]);
  expect((await finalize(box, id)).status).toBe(404);
  expect(batch(box, 'A')).toMatchObject({ finalizeCount: 1, successCount: 1 });
});

test.each([
  ['other-batch', { id: '990001', jobId: 'ANOTHER_JOB', status: 'Queued' }],
  ['other-id', { id: '990001', jobId: 'A', status: 'Draft' }],
  ['other-job-id', { id: '1', jobId: 'ANOTHER_JOB', status: 'Draft' }],
])('%s: the answer names another batch, once', async (action, expected) => {
  const box = await sandbox({ faults: [`status=${action}`] });
  await create(box, 'customer', 'A', 'a.csv');
  const named = async () => {
    const reply = await status(box, '1');
    return { id: field(reply, 'id'), jobId: field(reply, 'jobId'), status: field(reply, 'status') };
  };
  expect(await named()).toEqual(expected);
  expect(await named()).toEqual({ id: '1', jobId: 'A', status: 'Draft' });
});

test('padded ids are understood as they are written', async () => {
  const box = await sandbox({ padIds: 10 });
  const id = await upload(box, 'invoice', 'I', 'i.csv', 'Invoice Number\n1\n');
  expect(id).toBe('0000000001');
  await upload(box, 'items', 'T', 't.csv', 'Invoice Number\n1\n', { parentId: id });
  expect((await finalize(box, id)).body).toContain('<id>0000000002</id>');
  expect(batch(box, 'T').parentId).toBe('1');
});

test('a cache repeats the answer to a status question unless asked not to', async () => {
  const { box, pass } = await atClock({ cacheMs: 30_000 });
  const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  expect(await statusOf(byJob(box, 'A'))).toBe('Draft');
  await finalize(box, id);
  expect(await statusOf(byJob(box, 'A'))).toBe('Draft');
  expect(await statusOf(byJob(box, 'A', { 'cache-control': 'no-cache' }))).toBe('Queued');
  pass(30_000);
  expect(await statusOf(byJob(box, 'A'))).not.toBe('Draft');
});

test('counts come after the final status, and parts of an init after it', async () => {
  const { box, pass } = await atClock({
    processingTimeMs: 0,
    countsDelayMs: 10_000,
    initPartsDelayMs: 30_000,
    faults: ['init=fail-part'],
  });
  expect(field(await init(box, 'N'), 'successCount')).toBe('');
  const id = await upload(box, 'customer', 'A', 'a.csv', 'k\n1\n');
  await finalize(box, id);
  await expect.poll(() => batch(box, 'A').successCount, { interval: 5 }).toBe(1);
  const counts = async () => {
    const reply = await status(box, id);
    return ['status', 'successCount', 'failCount'].map((name) => field(reply, name));
  };
  expect(await counts()).toEqual(['Success', '', '']);
  pass(10_000);
  expect(await counts()).toEqual(['Success', '1', '0']);
  expect(field(await byJob(box, 'N'), 'status')).toBe('');
  pass(20_000);
  const ran = await byJob(box, 'N');
  expect(['status', 'successCount', 'failCount'].map((name) => field(ran, name))).toEqual([
    'Failed',
    '0',
    '20375',
  ]);
});

test('no-counts: one answer without counts', async () => {
  const box = await sandbox({ faults: ['status=no-counts'] });
  await create(box, 'customer', 'A', 'a.csv');
  expect(field(await status(box, '1'), 'successCount')).toBe('');
  expect(field(await status(box, '1'), 'successCount')).toBe('0');
});

test.each([
  ['page', false, '<html>'],
  ['error-body', false, '<Error>'],
  ['early', false, ''],
  ['no-etag', true, ''],
])('put %s: 200 with no sign of the storage; stored: %s', async (action, stored, body) => {
  const box = await sandbox({ faults: [`put=${action}`] });
  const reply = await put(field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl'), 'k\n1\n');
  expect([reply.status, batch(box, 'A').bytes !== null]).toEqual([200, stored]);
  expect(reply.body).toContain(body);
  expect(reply.headers.etag).toBeUndefined();
  if (action !== 'error-body') expect(JSON.stringify(reply.headers)).not.toContain('x-amz');
});

test.each([
  ['conflict', 409, 1],
  ['another', 200, 2],
] as const)('duplicates: %s', async (duplicates, code, batches) => {
  const box = await sandbox({ duplicates });
  await create(box, 'customer', 'A', 'a.csv');
  expect((await create(box, 'customer', 'A', 'a.csv')).status).toBe(code);
  expect(box.snapshot().batches).toHaveLength(batches);
});

test('every Nth request', async () => {
  const box = await sandbox({ faults: ['status@*/3=page'] });
  await create(box, 'customer', 'A', 'a.csv');
  const pages: boolean[] = [];
  for (let i = 0; i < 6; i += 1) pages.push((await status(box, '1')).body.includes('<html>'));
  expect(pages).toEqual([false, false, true, false, false, true]);
});

describe('a world', () => {
  test.each(WORLD_NAMES)('%s is a sandbox that starts', async (name) => {
    const box = await sandbox({ ...worldOptions([name]), sleep: async () => undefined });
    expect((await post(box, 'BatchInit', xml({}))).status).toBeGreaterThanOrEqual(200);
  });

  test('is combined with others and with explicit options', () => {
    const all = sandboxOptions({
      world: ['conflict', 'another-draft', 'read-lag'],
      duplicates: 'reissue',
      fault: ['put=cut'],
    });
    expect(all.duplicates).toBe('reissue');
    expect(all.faults?.[0]).toBe('put=cut');
    expect(all.faults).toHaveLength(8);
    expect(sandboxOptions({ world: ['created'] }).draftName).toBe('Created');
  });

  test('that is unknown is refused with the names', () => {
    expect(() => sandboxOptions({ world: ['perfect'] })).toThrow('--world cannot be "perfect"');
  });
});
