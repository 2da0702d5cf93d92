import { createServer as createTcp } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src/api/client.ts';
import type { CallResult } from '../../src/api/result.ts';
import type { Batch } from '../../src/batch/types.ts';
import {
  answering,
  CREATE,
  closedPort,
  DRAFT,
  INIT,
  listening,
  rawServer,
  rejection,
  rigFor,
  sandbox,
} from './rig.ts';

/** The changing calls: the same rules apply to all three. */
const CHANGES: readonly (readonly [string, (client: Client) => Promise<CallResult<Batch>>])[] = [
  ['init', (client) => client.init(INIT)],
  ['create', (client) => client.create(CREATE)],
  ['finalize', (client) => client.finalize({ id: '3', jobId: 'A_CUS' })],
];
/** The same with the job id that `status` is asked about. */
const NAMED = (jobId: string) => DRAFT.replace('<id>3</id>', `<id>3</id><jobId>${jobId}</jobId>`);
const ERROR = '<error><message>Because\u001b[31m</message></error>';
const [, CREATING] = CHANGES[1] ?? ['', () => Promise.reject(new Error('no call'))];

describe.each(CHANGES)('%s', (name, change) => {
  const path = '/rest/batchProcess?mode=';
  const [method, mode] = {
    init: ['POST', 'BatchInit'],
    create: ['POST', 'S3FileUpload'],
    finalize: ['PUT', 'BatchFinalize'],
  }[name] ?? ['', ''];

  test.each([200, 201, 202])('answers with the batch for %i', async (status) => {
    const server = await answering(status, DRAFT);
    const { client, context } = await rigFor(server.origin);
    expect(await change(client)).toMatchObject({ outcome: 'answered', value: { id: '3', status: 'Draft' } });
    expect(server.requests.map((one) => `${one.method} ${one.url}`)).toEqual([`${method} ${path}${mode}`]);
    expect(server.requests[0]?.headers).toMatchObject({
      'content-type': 'application/xml; charset=utf-8',
      accept: 'application/xml',
      'user-agent': 'ebill-test/1',
      'content-length': String(server.requests[0]?.body.length),
    });
    expect(context.slept).toEqual([]);
  });

  test.each([400, 401, 403, 404, 405, 409, 413, 422])('is refused at once with %i', async (status) => {
    const server = await answering(status, ERROR);
    const { client, context } = await rigFor(server.origin);
    expect(await change(client)).toEqual({
      outcome: 'refused',
      status,
      message: 'Because\\u001b[31m',
      ...(status === 401 || status === 403 ? { hint: expect.stringContaining('EBILL_TOKEN') } : {}),
    });
    expect([server.requests.length, context.slept]).toEqual([1, []]);
  });

  test.each([404, 460, 499])(
    'is in doubt after an empty answer with %i, which a gateway may send',
    async (status) => {
      const server = await answering(status, '');
      const { client } = await rigFor(server.origin);
      expect(await change(client)).toMatchObject({ outcome: 'ambiguous', turnedAway: status });
    },
  );

  test.each([301, 302, 303, 304, 307, 308])(
    'is in doubt after the redirect %i, which is not followed',
    async (status) => {
      const elsewhere = await answering(200, DRAFT);
      const server = await answering(status, status === 304 ? '' : ERROR, {
        location: `${elsewhere.origin}/x`,
      });
      const { client, context } = await rigFor(server.origin);
      expect(await change(client)).toMatchObject({ outcome: 'ambiguous', turnedAway: status });
      expect([server.requests.length, elsewhere.requests.length, context.slept]).toEqual([1, 0, []]);
    },
  );

  test.each([
    [400, 'ambiguous'],
    [404, 'ambiguous'],
    [409, 'ambiguous'],
    // A login page: the request went no further.
    [401, 'refused'],
    [403, 'refused'],
  ])('of %i with a page instead of XML: %s', async (status, outcome) => {
    const server = await answering(status, '<!DOCTYPE html><html><title>Gateway</title></html>');
    const { client } = await rigFor(server.origin);
    expect(await change(client)).toMatchObject({ outcome, message: 'an HTML page: Gateway' });
    expect(server.requests).toHaveLength(1);
  });

  test.each([408, 425, 429, 500, 501, 502, 503, 504, 599])(
    'is ambiguous and not sent again after %i',
    async (status) => {
      const server = await answering(status, ERROR, { 'retry-after': '9' });
      const { client, context } = await rigFor(server.origin);
      expect(await change(client)).toEqual({
        outcome: 'ambiguous',
        message: `HTTP ${status} Because\\u001b[31m`,
        retryAfterMs: 9000,
      });
      expect([server.requests.length, context.slept]).toEqual([1, []]);
    },
  );

  test.each([
    ['empty', ''],
    ['HTML', '<!DOCTYPE html><html><title>Please sign in</title></html>'],
    ['truncated', DRAFT.slice(0, DRAFT.length / 2)],
    ['cut in its last tag', DRAFT.trimEnd().slice(0, -1)],
    ['text', 'OK'],
    ['JSON', '{"id":3}'],
    ['another document', '<batch><id>3</id></batch>'],
    ['without an id', '<batchProcess><jobId>A</jobId></batchProcess>'],
    ['with an empty id', '<batchProcess><id> </id><status>Draft</status></batchProcess>'],
  ])('is ambiguous when a 200 is %s', async (_what, body) => {
    const server = await answering(200, body);
    const { client } = await rigFor(server.origin);
    expect(await change(client)).toMatchObject({ outcome: 'ambiguous' });
    expect(server.requests).toHaveLength(1);
  });

  test('is ambiguous after a 204', async () => {
    const server = await answering(204, '');
    const { client } = await rigFor(server.origin);
    expect(await change(client)).toMatchObject({ outcome: 'ambiguous' });
  });

  test('is refused by a 200 without an id but with an error message', async () => {
    const server = await answering(
      200,
      '<batchProcess><id></id><errorMessage>Taken</errorMessage></batchProcess>',
    );
    const { client } = await rigFor(server.origin);
    expect(await change(client)).toEqual({ outcome: 'refused', status: 200, message: 'Taken' });
  });

  // Real time-outs, so once: the code is the same for all three calls.
  test.runIf(name === 'create')('is ambiguous without a response within the timeout', async () => {
    const server = await rawServer(() => undefined);
    const { client, context } = await rigFor(server.origin, { timeoutMs: 100 });
    const result = await change(client);
    expect(result).toMatchObject({ outcome: 'ambiguous' });
    expect(result).toHaveProperty('message', expect.stringContaining('no response within the timeout'));
    expect([server.requests.length, context.slept]).toEqual([1, []]);
  });

  test.runIf(name === 'create')('is ambiguous when the response stalls', async () => {
    const server = await rawServer((_request, response) => {
      response.writeHead(200, { 'content-length': String(DRAFT.length) });
      response.write(DRAFT.slice(0, 100));
    });
    const { client } = await rigFor(server.origin, { timeoutMs: 100 });
    expect(await change(client)).toMatchObject({ outcome: 'ambiguous' });
    expect(server.requests).toHaveLength(1);
  });

  test('is ambiguous after a reset', async () => {
    const server = await rawServer((_request, response) => {
      response.socket?.resetAndDestroy();
    });
    const { client } = await rigFor(server.origin);
    expect(await change(client)).toMatchObject({ outcome: 'ambiguous' });
    expect(server.requests).toHaveLength(1);
  });

  test('is ambiguous when the connection is closed without a response', async () => {
    const port = await listening(createTcp((socket) => socket.destroy()));
    const { client, context } = await rigFor(`http://127.0.0.1:${port}`);
    expect(await change(client)).toMatchObject({ outcome: 'ambiguous' });
    expect(context.slept).toEqual([]);
  });

  test('is not sent but retried when the connection is refused', async () => {
    const origin = `http://127.0.0.1:${await closedPort()}`;
    const { client, context } = await rigFor(origin);
    expect(await change(client)).toEqual({
      outcome: 'refused',
      status: null,
      message: `${origin}: connection refused`,
    });
    expect(context.slept).toEqual([250, 500]);
  });

  test('is not sent to an unknown host', async () => {
    const { client } = await rigFor('https://nope.invalid', { retries: 1 });
    const result = await change(client);
    expect(result).toMatchObject({ outcome: 'refused', status: null });
    expect(result).toHaveProperty('message', expect.stringContaining('DNS'));
  });

  test('rejects with the reason of an interruption', async () => {
    for (const words of ['', DRAFT.slice(0, 50)]) {
      const server = await rawServer((_request, response) => {
        if (words !== '') response.write(words);
        setTimeout(() => rig.context.interrupt('SIGTERM'), 20);
      });
      const rig = await rigFor(server.origin, { retries: 0 });
      expect(await rejection(change(rig.client))).toBe('SIGTERM');
    }
  });
});

describe('status', () => {
  const ask = (client: Client) => client.status({ jobId: 'A B&C' });
  const DRAFT_OF = NAMED('A B&amp;C');

  test('asks by id or by job id', async () => {
    const server = await answering(200, DRAFT_OF);
    const { client } = await rigFor(`${server.origin}/acme/rest/`);
    expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
    expect(await ask(client)).toMatchObject({ id: '3' });
    expect(server.requests.map((one) => `${one.method} ${one.url} ${one.body.length}`)).toEqual([
      'GET /acme/rest/batchProcess?id=3 0',
      'GET /acme/rest/batchProcess?jobId=A%20B%26C 0',
    ]);
    expect(server.requests[0]?.headers['content-type']).toBeUndefined();
  });

  test.each([
    [400, ERROR],
    [404, ERROR],
    [404, ''],
    [200, '<batchProcess></batchProcess>'],
    [200, '<batchProcess><id/><status/></batchProcess>'],
  ])('is null for %i %j', async (status, body) => {
    const server = await answering(status, body);
    const { client } = await rigFor(server.origin);
    expect(await ask(client)).toBeNull();
    expect(server.requests).toHaveLength(1);
  });

  test.each([408, 425, 429, 500, 502, 503, 504])('is asked again after %i', async (status) => {
    const server = await rawServer((_request, response, n) => {
      if (n < 3) response.writeHead(status, n === 1 ? { 'retry-after': '3' } : {}).end(ERROR);
      else response.end(DRAFT_OF);
    });
    const { client, context } = await rigFor(server.origin);
    expect(await ask(client)).toMatchObject({ id: '3' });
    expect(context.slept).toEqual([3000, 500]);
  });

  test.each([
    ['empty', ''],
    ['HTML', '<html></html>'],
    ['truncated', DRAFT_OF.slice(0, 200)],
  ])('is asked again when a 200 is %s', async (_what, broken) => {
    const server = await rawServer((_request, response, n) => response.end(n === 1 ? broken : DRAFT_OF));
    const { client } = await rigFor(server.origin);
    expect(await ask(client)).toMatchObject({ id: '3' });
    expect(server.requests).toHaveLength(2);
  });

  test('is UNAVAILABLE when all tries fail', async () => {
    for (const [status, body] of [
      [503, ERROR],
      [200, '<html></html>'],
    ] as const) {
      const server = await answering(status, body);
      const { client } = await rigFor(server.origin, { retries: 3 });
      expect(await rejection(ask(client))).toMatchObject({ code: 'UNAVAILABLE' });
      expect(server.requests).toHaveLength(4);
      expect(await rejection(client.status({ id: '1' }, { tries: 0 }))).toMatchObject({
        code: 'UNAVAILABLE',
      });
      expect(server.requests).toHaveLength(5);
    }
  });

  test.each([
    [401, 'AUTH'],
    [403, 'AUTH'],
    [409, 'REJECTED'],
    [501, 'REJECTED'],
  ])('fails at once with %i: %s', async (status, code) => {
    const server = await answering(status, ERROR);
    const { client } = await rigFor(server.origin);
    expect(await rejection(ask(client))).toMatchObject({ code });
    expect(server.requests).toHaveLength(1);
  });

  test('is asked again after a reset, a time-out and a refused connection', async () => {
    const server = await rawServer((_request, response, n) => {
      if (n === 1) response.socket?.resetAndDestroy();
      if (n === 3) response.end(DRAFT_OF);
    });
    const { client, context } = await rigFor(server.origin, { timeoutMs: 100 });
    expect(await ask(client)).toMatchObject({ id: '3' });
    expect(context.slept).toHaveLength(2);
    const shut = await rigFor(`http://127.0.0.1:${await closedPort()}`);
    expect(await rejection(ask(shut.client))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(shut.context.slept).toHaveLength(2);
  });

  test('rejects with the reason of an interruption', async () => {
    const server = await rawServer((_request, response) => {
      response.write('<batchProcess>');
      setTimeout(() => rig.context.interrupt(), 20);
    });
    const rig = await rigFor(server.origin, { retries: 0 });
    expect(await rejection(ask(rig.client))).toBe('SIGINT');
  });
});

describe('the batch that an answer is about', () => {
  const about = (jobId: string, id = '3'): string =>
    `<batchProcess><id>${id}</id><jobId>${jobId}</jobId><status>Queued</status></batchProcess>`;

  test('is compared: another one is ambiguous for a changing call', async () => {
    for (const [name, change] of CHANGES) {
      const server = await answering(200, about('B'));
      const { client } = await rigFor(server.origin);
      expect([name, await change(client)]).toMatchObject([name, { outcome: 'ambiguous' }]);
    }
    const reused = await answering(200, about('A_CUS', '9'));
    const { client } = await rigFor(reused.origin);
    expect(await client.finalize({ id: '3', jobId: 'A_CUS' })).toMatchObject({ outcome: 'ambiguous' });
  });

  test('is asked about again once, then it is a conflict that names both', async () => {
    const once = await rawServer((_request, response, n) => response.end(about(n === 1 ? 'B' : 'A', '3')));
    const { client } = await rigFor(once.origin);
    expect(await client.status({ id: '3', jobId: 'A' })).toMatchObject({ jobId: 'A' });
    const always = await answering(200, about('B', '9'));
    const wrong = await rigFor(always.origin);
    expect(await rejection(wrong.client.status({ id: '3', jobId: 'A' }))).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('asked about A (batch 3), the server answered about B (batch 9)'),
    });
    expect(always.requests).toHaveLength(2);
  });

  test('is unknown where the answer to a question by job id has none', async () => {
    const server = await answering(200, '<batchProcess><id>5</id><status>Draft</status></batchProcess>');
    const { client } = await rigFor(server.origin);
    expect(await rejection(client.status({ jobId: 'A' }))).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('asked about A, the server answered about batch 5'),
    });
    expect(await client.status({ id: '5', jobId: 'A' })).toMatchObject({ id: '5' });
  });

  test('is counted over the polls of a watch', async () => {
    const server = await rawServer((_request, response, n) => response.end(about(n === 2 ? 'A' : 'B', '3')));
    const { client } = await rigFor(server.origin);
    const poll = () => client.status({ id: '3', jobId: 'A' }, { tries: 0 });
    expect(await rejection(poll())).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await poll()).toMatchObject({ jobId: 'A' });
    expect(await rejection(poll())).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await rejection(poll())).toMatchObject({ code: 'CONFLICT' });
  });

  test('is the same with more zeros in front of its id, with one warning', async () => {
    const server = await answering(200, about('A', '0003'));
    const { client, events } = await rigFor(server.origin);
    for (let n = 0; n < 3; n += 1) expect(await client.status({ id: '3', jobId: 'A' })).not.toBeNull();
    expect(events.filter(({ event }) => event === 'warning')).toHaveLength(1);
  });
});

describe('a status question', () => {
  test('asks for an answer that no cache has', async () => {
    const server = await answering(200, DRAFT);
    const { client } = await rigFor(server.origin);
    await client.status({ id: '3' });
    for (const [, change] of CHANGES) await change(client);
    expect(server.requests.map(({ headers }) => headers['cache-control'])).toEqual([
      'no-cache',
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([400, 404])(
    'takes a page with %i for "not found" only where nothing was sent, and only the third in a row',
    async (status) => {
      const server = await answering(status, '<!DOCTYPE html><html><title>Nothing here</title></html>');
      const { client } = await rigFor(server.origin, { retries: 0 });
      expect(await client.status({ jobId: 'A' }, { tries: 0, pageIsAbsence: true })).toBeNull();
      expect(server.requests).toHaveLength(3);
      expect(await rejection(client.status({ jobId: 'A' }, { tries: 0 }))).toMatchObject({
        code: 'UNAVAILABLE',
      });
    },
  );
});

test('a page instead of an answer is named by its title, with what may be the reason', async () => {
  const server = await rawServer(({ url }, response) => {
    if (url.startsWith('/login'))
      response.end('<!doctype html><html><title>Sign in to Acme</title><body>User</body></html>');
    else if (url.includes('moved')) response.writeHead(302, { location: '/login' }).end();
    else
      response.end(
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html><title>Sign in to Acme</title></html>',
      );
  });
  const { client } = await rigFor(server.origin, { retries: 0 });
  for (const jobId of ['A', 'moved'])
    expect(await rejection(client.status({ jobId }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: `Getting the status of ${jobId} from ${new URL(server.origin).host}: the server answered with an HTML page: Sign in to Acme.`,
      hint: expect.stringMatching(/credentials.*base URL.*ebill doctor/),
    });
  expect(await client.create(CREATE)).toMatchObject({
    outcome: 'ambiguous',
    message: 'an HTML page: Sign in to Acme',
  });
});

test('a changing call uses its own connection, not an idle one', async () => {
  const ports: (number | undefined)[] = [];
  const server = await rawServer((_request, response) => {
    ports.push(response.socket?.remotePort);
    response.end(DRAFT);
  });
  const { client } = await rigFor(server.origin);
  await client.status({ id: '3' });
  for (const [, change] of CHANGES) expect(await change(client)).toMatchObject({ outcome: 'answered' });
  await client.status({ id: '3' });
  // The questions share theirs.
  expect(ports[0]).toBe(ports.at(-1));
  expect(new Set(ports).size).toBe(1 + CHANGES.length);
});

test('an init waits for its answer longer than other calls', async () => {
  const server = await rawServer((_request, response) => {
    setTimeout(() => response.end(DRAFT), 300);
  });
  const { client } = await rigFor(server.origin, { timeoutMs: 100 });
  expect(await client.init(INIT, 10_000)).toMatchObject({ outcome: 'answered' });
});

describe('the client against the sandbox', () => {
  test.each([
    ['reset-before', false],
    ['reset-after', true],
    ['cut', true],
    ['truncate', true],
    ['empty', true],
    ['html', true],
    ['html-before', false],
    ['hang-after', true],
    ['status:500', false],
    ['status-after:500', true],
  ])('finds out by asking whether a create with %s happened (%s)', async (fault, happened) => {
    const box = await sandbox({ faults: [`create=${fault}`] });
    const { client } = await rigFor(box.apiUrl, { timeoutMs: 150 });
    expect(await CREATING(client)).toMatchObject({ outcome: 'ambiguous' });
    expect(box.requests).toHaveLength(1);
    expect((await client.status({ jobId: 'A_CUS' })) !== null).toBe(happened);
  });

  test('takes an invoice batch through all calls', async () => {
    const box = await sandbox();
    const { client } = await rigFor(`${box.apiUrl}/`);
    expect(await client.init(INIT)).toMatchObject({ outcome: 'answered', value: { jobId: 'A_INIT' } });
    const made = await client.create({ ...CREATE, kind: 'invoice', jobId: 'A_INV' });
    if (made.outcome !== 'answered') throw new Error('not answered');
    const parent = { id: made.value.id, jobId: 'A_INV' };
    expect(
      await client.create({ kind: 'items', jobId: 'A_ITM_1', inputFilename: 'i.csv', parent }),
    ).toMatchObject({ outcome: 'answered' });
    const seen = await client.status({ jobId: 'A_INV' });
    expect(seen?.children.map((child) => child.jobId)).toEqual(['A_ITM_1']);
    expect(await client.create({ ...CREATE, kind: 'invoice', jobId: 'A_INV' })).toMatchObject({
      outcome: 'refused',
      status: 400,
    });
  });
});

describe('redirects', () => {
  test('of a status are followed, with credentials on the same origin', async () => {
    const server = await rawServer(({ url }, response) => {
      if (url === '/two') response.end(DRAFT);
      else response.writeHead(302, { location: url === '/one' ? 'two#part' : '/one' }).end();
    });
    const { client } = await rigFor(server.origin, {
      connection: { auth: { type: 'bearer', token: 'tok-123' }, headers: { 'X-Tenant': 'acme' } },
    });
    expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
    expect(server.requests.map((one) => one.url)).toEqual(['/rest/batchProcess?id=3', '/one', '/two']);
    for (const one of server.requests)
      expect(one.headers).toMatchObject({ authorization: 'Bearer tok-123', 'x-tenant': 'acme' });
  });

  test.each([301, 302, 303, 307, 308])(
    'with %i to another origin are followed without credentials and headers',
    async (status) => {
      const other = await answering(200, DRAFT);
      const server = await answering(status, '', { location: `${other.origin}/else?x=1` });
      for (const auth of [
        { type: 'bearer', token: 'tok-123' },
        { type: 'basic', username: 'u', password: 'tok-123' },
        { type: 'header', name: 'X-Api-Key', token: 'tok-123' },
      ] as const) {
        const { client } = await rigFor(server.origin, {
          connection: { auth, headers: { 'X-Tenant': 'tok-123' }, query: { key: 'tok-123' } },
        });
        expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
      }
      expect(other.requests).toHaveLength(3);
      for (const { url, rawHeaders } of other.requests) {
        expect(url).toBe('/else?x=1');
        expect(rawHeaders.join('\n')).not.toMatch(/tok-123|authorization|x-tenant|x-api-key|dTp0b2s/i);
      }
    },
  );

  test('send credentials again once they lead back to the own origin', async () => {
    const other = await rawServer((_request, response) => {
      response.writeHead(307, { location: `${home.origin}/back` }).end();
    });
    const home = await rawServer(({ url }, response) => {
      if (url === '/back') response.end(DRAFT);
      else response.writeHead(307, { location: `${other.origin}/away` }).end();
    });
    const { client } = await rigFor(home.origin, { connection: { auth: { type: 'bearer', token: 'tok' } } });
    await client.status({ id: '3' });
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
    expect(home.requests.map((one) => one.headers.authorization)).toEqual(['Bearer tok', 'Bearer tok']);
  });

  test('are followed five times at most', async () => {
    for (const [hops, good] of [
      [5, true],
      [6, false],
    ] as const) {
      const server = await rawServer((_request, response, n) => {
        if (n > hops) response.end(DRAFT);
        else response.writeHead(302, { location: `/${n}` }).end();
      });
      const { client } = await rigFor(server.origin, { retries: 0 });
      if (good) expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
      else {
        const error = await rejection(client.status({ id: '3' }));
        expect(error).toMatchObject({ code: 'UNAVAILABLE' });
        expect(String(error)).toContain('HTTP 302 redirects to http://127.0.0.1');
        expect(server.requests).toHaveLength(6);
      }
    }
  });

  test.each(['http://evil.example/x', 'ftp://127.0.0.1/x', 'file:///etc/passwd'])(
    'are not followed to %s',
    async (location) => {
      const server = await answering(302, '', { location });
      const { client } = await rigFor(server.origin);
      expect(await rejection(client.status({ id: '3' }))).toMatchObject({ code: 'REJECTED' });
    },
  );

  test('without a usable target are an error', async () => {
    for (const headers of [{}, { location: 'http://[' }]) {
      const server = await answering(302, '', headers);
      const { client } = await rigFor(server.origin);
      expect(await rejection(client.status({ id: '3' }))).toMatchObject({ code: 'UNAVAILABLE' });
    }
  });

  test('are one kind of page: what came instead in JSON or plain text is said, too', async () => {
    const server = await answering(200, '{"error":{"message":"Session expired"}}');
    const { client } = await rigFor(server.origin, { retries: 0 });
    expect(String(await rejection(client.status({ id: '3' })))).toContain(
      'it is not XML but says: Session expired',
    );
    expect(await client.create(CREATE)).toMatchObject({
      outcome: 'ambiguous',
      message: 'it is not XML but says: Session expired',
    });
  });

  test('to a login page are named, and say what to check', async () => {
    const server = await answering(302, '', { location: '/login?session=abc' });
    const { client } = await rigFor(server.origin);
    const error = await rejection(client.status({ id: '3' }));
    expect(String(error)).toContain(`HTTP 302 redirects to ${server.origin}/login, not to an answer`);
    expect(error).toMatchObject({ hint: expect.stringContaining('check the credentials and the base URL') });
    expect(await client.create(CREATE)).toMatchObject({ message: `to ${server.origin}/login` });
  });
});

describe('events', () => {
  const WAITS = ['wait.start', 'wait.end'];

  test('report the wait for each call, retries included', async () => {
    const server = await rawServer((_request, response, n) => {
      if (n === 1) response.writeHead(503).end(ERROR);
      else response.end(NAMED('A_CUS'));
    });
    const { client, events } = await rigFor(server.origin);
    await client.status({ jobId: 'A_CUS' });
    expect(events).toMatchObject([
      { event: 'wait.start', message: 'getting the status of A_CUS' },
      { event: 'retry', jobId: null, attempt: 1 },
      { event: 'wait.end' },
    ]);
    events.length = 0;
    await client.raw(client.calls.status({ id: '3' }));
    await client.status({ id: '3' });
    expect(events.map(({ event }) => event)).toEqual([...WAITS, ...WAITS]);
  });

  test('report the end of a wait after an error', async () => {
    const server = await answering(401, ERROR);
    const { client, events } = await rigFor(server.origin);
    await rejection(client.status({ id: '3' }));
    expect(events.map(({ event }) => event)).toEqual(WAITS);
  });

  test('report no wait for a single try, which a watch shows itself', async () => {
    const server = await answering(200, DRAFT);
    const { client, events } = await rigFor(server.origin);
    await client.status({ id: '3' }, { tries: 0 });
    expect(events).toEqual([]);
  });
});

test('the redactor learns the signatures of every response', async () => {
  const signature = '0123456789abcdef0123456789abcdef';
  const url = `https://s3/o?X-Amz-Signature=${signature}`;
  const child = `<child><batchProcess><id>4</id><downloadUrl>${url}</downloadUrl></batchProcess></child>`;
  const server = await answering(200, `<batchProcess><id>3</id>${child}</batchProcess>`);
  for (const call of [
    ...CHANGES.map(([, change]) => change),
    (client: Client) => client.status({ id: '3' }),
    (client: Client) => client.raw(client.calls.status({ id: '3' })),
  ]) {
    const { client, redactor } = await rigFor(server.origin);
    expect(redactor.clean(`text with ${signature}`)).toContain(signature);
    await call(client);
    expect(redactor.clean(`text with ${signature}`)).not.toContain(signature);
  }
});

describe('credentials', () => {
  test.each([
    ['none', { type: 'none' }, undefined],
    [
      'basic',
      { type: 'basic', username: 'zoë', password: 'p:ä ' },
      `Basic ${Buffer.from('zoë:p:ä ').toString('base64')}`,
    ],
    ['bearer', { type: 'bearer', token: 'to+/=k' }, 'Bearer to+/=k'],
  ] as const)('%s', async (_name, auth, header) => {
    const server = await answering(200, DRAFT);
    const { client } = await rigFor(server.origin, { connection: { auth } });
    for (const [, change] of CHANGES) await change(client);
    await client.status({ id: '3' });
    await client.raw({ method: 'GET', url: `${server.origin}/x`, body: null });
    expect(server.requests.map((one) => one.headers.authorization)).toEqual(Array(5).fill(header));
  });

  test('a header of any name', async () => {
    const server = await answering(200, DRAFT);
    const auth = { type: 'header', name: 'X-Api-Key', token: 'k 1' } as const;
    const { client } = await rigFor(server.origin, { connection: { auth } });
    await client.status({ id: '3' });
    expect(server.requests[0]?.headers).toMatchObject({ 'x-api-key': 'k 1' });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test.each([
    { type: 'none' },
    { type: 'basic', username: 'u', password: 'p' },
    { type: 'bearer', token: 't' },
    { type: 'header', name: 'X-Key', token: 't' },
  ] as const)('are accepted by the sandbox: %o', async (auth) => {
    const box = await sandbox({ auth });
    const { client } = await rigFor(box.apiUrl, { connection: { auth } });
    expect(await client.init(INIT)).toMatchObject({ outcome: 'answered' });
    const wrong = await rigFor(box.apiUrl, { connection: { auth: { type: 'bearer', token: 'wrong' } } });
    if (auth.type !== 'none')
      expect(await wrong.client.init(INIT)).toMatchObject({ outcome: 'refused', status: 401 });
  });

  test('go with the query and headers of the profile, which replace ours', async () => {
    const server = await answering(200, DRAFT);
    const { client } = await rigFor(server.origin, {
      connection: {
        query: { format: 'xml', 'a b': 'c&d' },
        headers: { 'X-Tenant': 'acme', Accept: 'text/xml', 'User-Agent': 'mine' },
      },
    });
    for (const [, change] of CHANGES) await change(client);
    await client.status({ id: '3' });
    expect(server.requests.map((one) => one.url.replace('/rest/batchProcess?', ''))).toEqual([
      'mode=BatchInit&format=xml&a%20b=c%26d',
      'mode=S3FileUpload&format=xml&a%20b=c%26d',
      'mode=BatchFinalize&format=xml&a%20b=c%26d',
      'id=3&format=xml&a%20b=c%26d',
    ]);
    for (const { headers, rawHeaders } of server.requests) {
      expect(headers).toMatchObject({ 'x-tenant': 'acme', accept: 'text/xml', 'user-agent': 'mine' });
      const names = rawHeaders.filter((_, n) => n % 2 === 0).map((name) => name.toLowerCase());
      expect(names.length).toBe(new Set(names).size);
    }
  });

  test('never appear in the log', async () => {
    const server = await answering(200, DRAFT);
    const { client, exchanges } = await rigFor(server.origin, {
      connection: { auth: { type: 'bearer', token: 'tok-123' } },
    });
    await client.status({ id: '3' });
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toContain(`GET ${server.origin}/rest/batchProcess?id=3 → 200`);
    expect(exchanges.join()).not.toContain('tok-123');
  });
});

test('one page between answers is a balancer that lost its way: the question is asked again', async () => {
  for (const status of [200, 400, 404, 405, 410]) {
    const server = await rawServer((_request, response, n) =>
      n === 1
        ? response.writeHead(status).end('<html><head><title>Not here</title></head></html>')
        : response.end(DRAFT),
    );
    const { client } = await rigFor(server.origin);
    for (const pageIsAbsence of [true, false]) {
      expect(await client.status({ id: '3' }, { pageIsAbsence })).toMatchObject({ id: '3' });
      expect(server.requests).toHaveLength(pageIsAbsence ? 2 : 3);
    }
  }
});

test('a question without an answer names batch and host', async () => {
  const { origin } = await answering(503, '');
  const { client } = await rigFor(origin, { retries: 0 });
  expect(await rejection(client.status({ id: '3', jobId: 'A' }))).toMatchObject({
    message: `Getting the status of A (batch 3) from ${new URL(origin).host}: HTTP 503.`,
  });
  const gone = `http://127.0.0.1:${await closedPort()}`;
  const other = await rigFor(gone, { retries: 0 });
  expect(await rejection(other.client.status({ jobId: 'A' }))).toMatchObject({
    message: `Getting the status of A: ${gone}: connection refused.`,
  });
});
