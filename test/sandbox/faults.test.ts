import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EbillError } from '../../src/errors.ts';
import { FaultList, parseFault } from '../../src/sandbox/faults.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import {
  batch,
  create,
  field,
  finalize,
  init,
  lastRequest,
  put,
  type Reply,
  sandbox,
  send,
  status,
  upload,
} from './rig.ts';

describe('the grammar', () => {
  test.each([
    [
      'init=reset-before',
      { what: 'init', kind: null, jobId: null, from: 1, to: 1, action: { type: 'reset-before' } },
    ],
    ['create:items@2=cut', { what: 'create', kind: 'items', from: 2, to: 2 }],
    ['any@2-5=hang', { what: 'any', from: 2, to: 5 }],
    ['status@3-=empty', { from: 3, to: Number.POSITIVE_INFINITY }],
    ['status@*=html', { from: 1, to: Number.POSITIVE_INFINITY }],
    ['put[A_1]@2=corrupt', { what: 'put', jobId: 'A_1', from: 2, action: { type: 'corrupt' } }],
    ['put:items[a]b=c]=bad-etag', { kind: 'items', jobId: 'a]b=c', action: { type: 'bad-etag' } }],
    [
      'put[x]=redirect:http://[::1]:1/a,b=c',
      { jobId: 'x', action: { type: 'redirect', url: 'http://[::1]:1/a,b=c' } },
    ],
    ['create=status:503', { action: { type: 'status', status: 503, retryAfter: null, after: false } }],
    [
      'create=status:429,retry-after:2',
      { action: { type: 'status', status: 429, retryAfter: '2', after: false } },
    ],
    ['create=status-after:500', { action: { type: 'status', status: 500, retryAfter: null, after: true } }],
    ['any=slow:250ms', { action: { type: 'slow', ms: 250 } }],
    ['any=slow:5s', { action: { type: 'slow', ms: 5000 } }],
    ['status@*/3=page', { from: 1, to: Number.POSITIVE_INFINITY, every: 3, action: { type: 'page' } }],
    ['init=late:75s', { action: { type: 'late', ms: 75_000 } }],
    ['init@*=gateway:4s,1m', { action: { type: 'gateway', answerMs: 4000, effectMs: 60_000 } }],
    ['any=slow:2', { action: { type: 'slow', ms: 2000 } }],
  ])('%s', (text, expected) => {
    expect(parseFault(text)).toMatchObject({ text, ...expected });
  });

  test.each([
    ['', 'is not WHAT=ACTION'],
    ['create', 'is not WHAT=ACTION'],
    ['upload=cut', '"upload" is not a request'],
    ['create:memo=cut', '"memo" is not a kind'],
    ['init:customer=cut', 'init takes no kind'],
    ['create[]=cut', 'the job id is empty'],
    ['create@0=cut', 'matches no request'],
    ['create@3-2=cut', 'matches no request'],
    ['create@x=cut', '"@x" is not a count'],
    ['create@*/0=cut', 'is not a count'],
    ['put=late:1s', 'late is only for init, create, finalize'],
    ['init=gateway:1s', 'is not an action'],
    ['create=', '"" is not an action'],
    ['create=explode', '"explode" is not an action'],
    ['create=status:99', 'is not an action'],
    ['create=status:100', 'not a final HTTP status'],
    ['create=status:600', 'not a final HTTP status'],
    ['create=slow:fast', 'is not a duration'],
    ['create=redirect:/here', 'is not a URL'],
    ['create=corrupt', 'corrupt is only for put'],
    ['any=slowdown', 'slowdown is only for put, download'],
    ['finalize=expired', 'expired is only for create, put, download'],
  ])('refuses %j', async (text, why) => {
    const thrown = (() => {
      try {
        return parseFault(text);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(EbillError);
    expect(thrown).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(why),
      hint: expect.any(String),
    });
    await expect(sandbox({ faults: [text] })).rejects.toThrow(why);
  });
});

test('each spec counts for itself; the first of those due acts', () => {
  const book = new FaultList();
  for (const text of ['create@2=cut', 'any@2-3=hang', 'create:items[X]=empty']) book.add(text);
  const take = (...request: Parameters<FaultList['take']>) => book.take(...request)?.text ?? null;
  expect(take('create', 'customer', 'A')).toBeNull();
  expect(take('create', 'items', 'X')).toBe('create@2=cut');
  expect(take('other', null, null)).toBe('any@2-3=hang');
  expect(take('create', 'items', 'X')).toBeNull();
  book.add('create=html');
  expect(take('create', null, null)).toBe('create=html');
});

/** What a client sees: an answer, or the error's code. */
async function seen(reply: Promise<Reply>): Promise<Reply | string> {
  return reply.catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
}

/** The four API calls by name, each on a sandbox prepared for it; `done` says whether it had its effect. */
const CALLS: Record<
  string,
  {
    prepare(box: Sandbox): Promise<string>;
    call(box: Sandbox, id: string): Promise<Reply>;
    done(box: Sandbox): boolean;
  }
> = {
  init: {
    prepare: async () => '',
    call: (box) => init(box, 'A'),
    done: (box) => box.snapshot().initCount === 1,
  },
  create: {
    prepare: async () => '',
    call: (box) => create(box, 'customer', 'A', 'a.csv'),
    done: (box) => box.snapshot().batches.length === 1,
  },
  finalize: {
    prepare: (box) => upload(box, 'customer', 'A', 'a.csv', 'k\n1\n'),
    call: finalize,
    done: (box) => batch(box, 'A').finalizeCount === 1,
  },
  put: {
    prepare: async (box) => field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl'),
    call: (_box, url) => put(url, 'k\n1\n'),
    done: (box) => batch(box, 'A').bytes === 4,
  },
};

describe.each(Object.entries(CALLS))('%s', (name, { prepare, call, done }) => {
  async function sendWithFault(action: string) {
    const box = await sandbox({ processingTimeMs: 60_000 });
    const id = await prepare(box);
    box.addFault(`${name}=${action}`);
    const reply = await seen(call(box, id));
    return { box, id, reply, record: lastRequest(box), done: done(box) };
  }

  test.each([
    ['status:503,retry-after:7', 503],
    ['status:401', 401],
    ['status:409', 409],
    ['html-before', 502],
    ['redirect:http://127.0.0.1:9/x', 307],
  ])('%s: an answer, no effect, and once only', async (action, code) => {
    const { box, id, reply, record, done: happened } = await sendWithFault(action);
    expect(reply).toMatchObject({ status: code });
    expect(happened).toBe(false);
    expect(record).toMatchObject({ call: name, status: code, fault: `${name}=${action}`, effect: false });
    if (typeof reply === 'string') throw new Error(reply);
    if (code === 503) expect(reply.headers['retry-after']).toBe('7');
    if (code === 401) expect(reply.headers['www-authenticate']).toBeDefined();
    if (code === 307) expect(reply.headers.location).toBe('http://127.0.0.1:9/x');
    if (code === 502) expect(reply.headers['content-type']).toContain('text/html');
    if (code === 503)
      expect(reply.body).toMatch(name === 'put' ? /^<\?xml .*\n<Error><Code>ServiceUnavailable/ : /<error>/);
    expect((await call(box, id)).status).toBe(200);
    expect(done(box)).toBe(true);
  });

  test('reset-before: a reset, no effect', async () => {
    const { reply, record, done: happened } = await sendWithFault('reset-before');
    expect([reply, happened]).toEqual(['ECONNRESET', false]);
    expect(record).toMatchObject({ status: null, effect: false });
  });

  test('reset-after: the effect, then a reset', async () => {
    const { reply, record, done: happened } = await sendWithFault('reset-after');
    expect([reply, happened]).toEqual(['ECONNRESET', true]);
    expect(record).toMatchObject({ status: null, effect: true });
  });

  test('status-after: the effect, then the status', async () => {
    const { reply, done: happened } = await sendWithFault('status-after:500');
    expect(reply).toMatchObject({ status: 500 });
    expect(happened).toBe(true);
  });

  test('cut: the effect, and less than Content-Length promised', async () => {
    const { reply, record, done: happened } = await sendWithFault('cut');
    expect([reply, happened]).toEqual(['ECONNRESET', true]);
    expect(record).toMatchObject({ status: 200, effect: true });
  });

  test('truncate, empty, html: the effect, and a complete 200 that is none', async () => {
    const truncated = await sendWithFault('truncate');
    expect(truncated).toMatchObject({ done: true, reply: { status: 200 } });
    if (name !== 'put') {
      expect(truncated.reply).toMatchObject({ body: expect.stringContaining('<batchProcess>') });
      expect(truncated.reply).not.toMatchObject({ body: expect.stringContaining('</batchProcess>') });
    }
    expect(await sendWithFault('empty')).toMatchObject({
      done: true,
      reply: { status: 200, body: '', headers: { 'content-length': '0' } },
    });
    expect(await sendWithFault('html')).toMatchObject({
      done: true,
      reply: {
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: expect.stringContaining('<html>'),
      },
    });
  });

  test('slow: the effect at once, the answer later', async () => {
    const box = await sandbox({ processingTimeMs: 60_000 });
    const id = await prepare(box);
    box.addFault(`${name}=slow:250ms`);
    const started = performance.now();
    let answered = false;
    const pending = call(box, id).then((reply) => {
      answered = true;
      return reply;
    });
    await expect.poll(() => done(box), { interval: 5 }).toBe(true);
    expect(answered).toBe(false);
    expect((await pending).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(248);
  });

  test.each([
    ['hang', false],
    ['hang-after', true],
  ])('%s: no answer; effect: %s', async (action, effect) => {
    const box = await sandbox({ processingTimeMs: 60_000 });
    const id = await prepare(box);
    box.addFault(`${name}=${action}`);
    let settled = false;
    const pending = seen(call(box, id)).then((reply) => {
      settled = true;
      return reply;
    });
    await expect.poll(() => lastRequest(box).fault, { interval: 5 }).toBe(`${name}=${action}`);
    await expect.poll(() => lastRequest(box).effect, { interval: 5 }).toBe(effect);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([settled, done(box)]).toEqual([false, effect]);
    await box.close();
    expect(await pending).toBe('ECONNRESET');
  });
});

test('create:KIND and [JOBID] narrow', async () => {
  const box = await sandbox({
    faults: ['create:invoice=status:500', 'put[B]=slowdown', 'status[C]=status:500'],
  });
  await upload(box, 'customer', 'A', 'a.csv', 'x');
  expect((await create(box, 'invoice', 'I', 'i.csv')).status).toBe(500);
  expect((await create(box, 'invoice', 'I', 'i.csv')).status).toBe(200);
  expect((await put(field(await create(box, 'customer', 'B', 'b.csv'), 'uploadUrl'), 'x')).status).toBe(503);
  const id = await upload(box, 'customer', 'C', 'c.csv', 'x');
  expect((await status(box, '1')).status).toBe(200);
  expect((await status(box, id)).status).toBe(500);
});

test('an expired URL is handed out, once', async () => {
  const box = await sandbox({ duplicates: 'reissue', faults: ['create=expired'] });
  const first = field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl');
  const refused = await put(first, 'x');
  expect(refused.status).toBe(403);
  expect(refused.body).toContain('Request has expired');
  expect((await put(field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl'), 'x')).status).toBe(200);
});

test.each([
  ['expired', 403, 'AccessDenied</Code><Message>Request has expired'],
  ['slowdown', 503, 'SlowDown'],
  ['request-timeout', 400, 'RequestTimeout'],
  ['status:500', 500, 'InternalError'],
])('put and download: %s', async (action, code, text) => {
  const box = await sandbox({ processingTimeMs: 0 });
  const url = field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl');
  box.addFault(`put=${action}`);
  const refused = await put(url, 'k\n1\n');
  expect(refused.status).toBe(code);
  expect(refused.body).toContain(`<Code>${text}`);
  expect(batch(box, 'A').bytes).toBeNull();
  await put(url, 'k\n1\n');
  await finalize(box, '1');
  await box.waitForIdle();
  box.addFault(`download=${action}`);
  const download = field(await status(box, '1'), 'downloadUrl');
  const answer = await send({ method: 'GET', url: download });
  expect(answer.status).toBe(code);
  expect(answer.body).toContain(`<Code>${text}`);
  expect((await send({ method: 'GET', url: download })).status).toBe(200);
});

test('downloads are cut, truncated, reset and emptied', async () => {
  const box = await sandbox({ processingTimeMs: 0 });
  const rows = Array.from({ length: 20_000 }, (_, index) => `${index}\n`).join('');
  await finalize(box, await upload(box, 'customer', 'A', 'a.csv', `k\n${rows}`));
  await box.waitForIdle();
  const url = field(await status(box, '1'), 'downloadUrl');
  const whole = await send({ method: 'GET', url });
  const attempt = (action: string) => {
    box.addFault(`download:customer=${action}`);
    return seen(send({ method: 'GET', url }));
  };
  expect(await attempt('cut')).toBe('ECONNRESET');
  expect(await attempt('truncate')).toMatchObject({
    status: 200,
    body: whole.body.slice(0, Math.floor(whole.body.length / 2)),
  });
  expect(await attempt('empty')).toMatchObject({ status: 200, body: '' });
  expect(await attempt('reset-before')).toBe('ECONNRESET');
  expect((await send({ method: 'GET', url })).body).toBe(whole.body);
});

describe('what S3 says of the bytes', () => {
  const body = 'k\n1\n';
  const md5 = createHash('md5').update(body).digest('hex');
  const sha256 = createHash('sha256').update(body).digest('hex');
  async function etagUnder(action: string) {
    const box = await sandbox({ faults: [`put=${action}`] });
    const reply = await put(field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl'), body);
    return { box, etag: String(reply.headers.etag), reply };
  }

  test('bad-etag', async () => {
    const { box, etag } = await etagUnder('bad-etag');
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(etag).not.toBe(`"${md5}"`);
    expect(batch(box, 'A').sha256).toBe(sha256);
  });

  test('kms-etag', async () => {
    const { box, etag } = await etagUnder('kms-etag');
    expect(etag).not.toMatch(/^"[0-9a-f]{32}"$/);
    expect(batch(box, 'A').sha256).toBe(sha256);
  });

  test('corrupt', async () => {
    const { box, etag } = await etagUnder('corrupt');
    const stored = Buffer.from(body);
    stored[0] = (stored[0] ?? 0) ^ 0xff;
    expect(etag).toBe(`"${createHash('md5').update(stored).digest('hex')}"`);
    expect(batch(box, 'A').sha256).toBe(createHash('sha256').update(stored).digest('hex'));
    expect(lastRequest(box).bodySha256).toBe(sha256);
  });

  test('reset-during', async () => {
    const box = await sandbox({ faults: ['put=reset-during'] });
    const url = field(await create(box, 'customer', 'A', 'a.csv'), 'uploadUrl');
    const big = Buffer.alloc(8 * 1024 * 1024, 'x');
    expect(await seen(put(url, big))).toMatch(/ECONNRESET|EPIPE/);
    expect(lastRequest(box).bodyBytes).toBeGreaterThanOrEqual(big.length / 2);
    expect(batch(box, 'A').bytes).toBeNull();
    expect((await put(url, big)).status).toBe(200);
  });
});

test('a fault acts on a refused request too', async () => {
  const box = await sandbox({ auth: { type: 'bearer', token: 't' }, faults: ['create=status:500'] });
  expect((await create(box, 'customer', 'A', 'a.csv')).status).toBe(500);
  expect((await create(box, 'customer', 'A', 'a.csv')).status).toBe(401);
});
