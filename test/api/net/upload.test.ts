import { describe, expect, test } from 'vitest';
import { answerWaitMs } from '../../../src/api/net/upload.ts';
import type { RetryNotice } from '../../../src/api/retry.ts';
import { putFile } from '../../../src/api/storage.ts';
import type { ExpectedFile } from '../../../src/api/upload-body.ts';
import { authorities, hasOpenssl, keysOf } from '../../helpers/authority.ts';
import { type Peer, scripted } from '../peer.ts';
import { CREATE, fileOf, rejection, rigFor } from '../rig.ts';

const MIB = 1024 * 1024;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const answer = (status: string, body = '', headers = ''): string =>
  `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const small = fileOf(Buffer.alloc(1000, 'a'));
const middle = fileOf(Buffer.alloc(MIB, 'b'));
const large = fileOf(Buffer.alloc(8 * MIB, 'c'));
const stored = ({ md5 }: ExpectedFile): string => answer('200 OK', '', `ETag: "${md5}"\r\n`);

interface Options {
  readonly retries?: number;
  readonly timeoutMs?: number;
  readonly caFile?: string;
}

async function put(origin: string, file: ExpectedFile, { caFile, ...options }: Options = {}) {
  const { storage, context } = await rigFor(origin, {
    retries: 2,
    // Long, so that a busy machine is not taken for a silent server.
    timeoutMs: 20_000,
    ...options,
    ...(caFile === undefined ? {} : { connection: { caFile } }),
  });
  const notices: RetryNotice[] = [];
  const send = (another = file) =>
    putFile(storage, `${origin}/o`, another, {
      onBytes: () => undefined,
      onRetry: (notice) => notices.push(notice),
    });
  return { send, notices, context };
}

/** Reads the head, lets the body come, and refuses it after these bytes of it; then closes with the rest unread. */
const refusing =
  (text: string, after: number, ms = 0) =>
  async (peer: Peer): Promise<void> => {
    if (/^expect:/im.test(await peer.head())) await peer.send(CONTINUE);
    await peer.body(after);
    await pause(ms);
    await peer.send(text);
    peer.drop();
  };

describe('an answer before the whole file was sent', () => {
  const PAGE = '<html><title>Too big for us</title></html>';

  async function refusals(tls: Parameters<typeof scripted>[1], caFile?: string) {
    for (let run = 0; run < 20; run += 1) {
      const server = await scripted(refusing(answer('413 No', PAGE), (run % 5) * 40_000, run % 4), tls);
      const { send, notices } = await put(server.origin, large, caFile === undefined ? {} : { caFile });
      expect(await send()).toMatchObject({ outcome: 'refused', status: 413 });
      expect([server.heads.length, notices]).toEqual([1, []]);
    }
  }

  test('counts in every run, although the connection is reset', () => refusals(null));

  test.skipIf(!hasOpenssl)('counts over TLS, too', () => {
    const pem = authorities();
    return refusals(keysOf(pem, 'server'), pem('ca.crt'));
  });

  test('counts for a file that is not announced', async () => {
    for (let run = 0; run < 20; run += 1) {
      const server = await scripted(refusing(answer('403 Forbidden', PAGE), 0, run % 3));
      const { send, notices } = await put(server.origin, middle);
      expect(await send()).toMatchObject({ outcome: 'refused', status: 403 });
      expect([server.heads.length, notices]).toEqual([1, []]);
    }
  });

  test('counts for a call of the API as well', async () => {
    const server = await scripted(refusing(answer('403 Forbidden', PAGE), 0));
    const { client } = await rigFor(server.origin, { retries: 2 });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'refused', status: 403 });
    expect(server.heads).toHaveLength(1);
  });

  test('counts where it comes in pieces', async () => {
    const [head = '', body = ''] = answer('403 Forbidden', PAGE).split(/(?<=\r\n\r\n)/);
    const server = await scripted(async (peer) => {
      await peer.head();
      await peer.send(CONTINUE);
      await peer.body(1000);
      await peer.send(head.slice(0, 20));
      await pause(20);
      await peer.send(head.slice(20));
      await pause(20);
      await peer.send(body);
      peer.drop();
    });
    const { send } = await put(server.origin, large);
    expect(await send()).toMatchObject({
      outcome: 'refused',
      status: 403,
      message: expect.stringContaining('Too big for us'),
    });
  });

  test('counts without its words, where these are lost', async () => {
    const server = await scripted(
      refusing('HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\n<Err', 50_000),
    );
    const { send } = await put(server.origin, large);
    expect(await send()).toMatchObject({ outcome: 'refused', status: 403, message: 'HTTP 403' });
  });

  test('counts where the server neither reads on nor closes', async () => {
    const server = await scripted(async (peer) => {
      await peer.head();
      await peer.send(CONTINUE);
      await peer.body(1000);
      await peer.send(answer('413 No', PAGE));
    });
    const { send } = await put(server.origin, large);
    expect(await send()).toMatchObject({ outcome: 'refused', status: 413 });
  });

  test('that means "later" is tried again by its status', async () => {
    const server = await scripted(refusing(answer('503 Slow Down'), 50_000));
    const { send, notices } = await put(server.origin, large, { retries: 1 });
    expect(await send()).toMatchObject({ outcome: 'unavailable', message: 'HTTP 503' });
    expect(notices).toMatchObject([{ message: 'HTTP 503' }]);
  });

  test('that says the file is stored is no proof', async () => {
    const server = await scripted(refusing(stored(large), 50_000));
    const { send } = await put(server.origin, large, { retries: 0 });
    expect(await send()).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringMatching(/does not prove.*before the whole file/),
    });
  });

  test('is not waited for where the connection is only reset', async () => {
    const server = await scripted(refusing('', 50_000));
    const { send, notices } = await put(server.origin, large, { retries: 1 });
    expect(await send()).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringMatching(/connection was (?:reset|closed)/),
    });
    expect([server.heads.length, notices.length]).toEqual([2, 1]);
  });
});

describe('a file of more than 1 MiB', () => {
  test('is announced, a smaller one is not', async () => {
    const server = await scripted(async (peer) => {
      for (;;) {
        const head = await peer.head();
        const file = [small, middle, large].find(({ bytes }) => head.includes(`: ${bytes}\r\n`));
        if (file === undefined) throw new Error(head);
        if (file === large) await peer.send(CONTINUE);
        await peer.body();
        await peer.send(stored(file));
      }
    });
    const { send, notices } = await put(server.origin, small);
    for (const file of [small, middle, large]) expect(await send(file)).toMatchObject({ verified: true });
    expect(notices).toEqual([]);
    expect(server.heads.map((head) => /^expect: 100-continue\r$/im.test(head))).toEqual([false, false, true]);
    // On a busy machine a connection may not be free again when the next file begins.
    expect(server.connections()).toBeLessThanOrEqual(3);
  });

  test('is sent when the server says so, and not before', async () => {
    let early = -1;
    const server = await scripted(async (peer) => {
      await peer.head();
      await peer.send('HTTP/1.1 102 Processing\r\n\r\n');
      peer.socket.resume();
      await pause(100);
      early = peer.unread;
      await peer.send(CONTINUE);
      await peer.body();
      await peer.send(stored(large));
    });
    const { send } = await put(server.origin, large);
    expect(await send()).toMatchObject({ verified: true });
    expect(early).toBe(0);
  });

  test.each([
    ['403 Forbidden', 'refused'],
    ['413 Content Too Large', 'refused'],
    ['307 Elsewhere', 'refused'],
    ['503 Later', 'unavailable'],
    [`200 OK\r\nETag: "${large.md5}"`, 'unavailable'],
  ])('is not sent after %s', async (status, outcome) => {
    let came = 0;
    const server = await scripted(async (peer) => {
      await peer.head();
      peer.socket.resume();
      await pause(50);
      came += peer.unread;
      await peer.send(answer(status));
    });
    const { send } = await put(server.origin, large, { retries: 0 });
    expect(await send()).toMatchObject({ outcome });
    expect([came, server.heads.length]).toEqual([0, 1]);
  });

  test('is sent without the announcement after 417, and so are the next ones', async () => {
    const server = await scripted(async (peer) => {
      for (;;) {
        if (/^expect:/im.test(await peer.head())) {
          await peer.send(answer('417 Expectation Failed'));
          continue;
        }
        await peer.body();
        await peer.send(stored(large));
      }
    });
    const { send, notices } = await put(server.origin, large);
    expect(await send()).toMatchObject({ verified: true });
    expect(await send()).toMatchObject({ verified: true });
    expect([server.heads.length, notices]).toEqual([3, []]);
  });

  test('is sent after a second without an answer, the next one at once', async () => {
    const server = await scripted(async (peer) => {
      for (;;) {
        await peer.head();
        await peer.body();
        await peer.send(stored(large));
      }
    });
    const { send } = await put(server.origin, large);
    const start = performance.now();
    expect(await send()).toMatchObject({ verified: true });
    const first = performance.now() - start;
    expect(await send()).toMatchObject({ verified: true });
    expect(first).toBeGreaterThan(990);
    expect(server.heads.map((head) => /^expect:/im.test(head))).toEqual([true, false]);
  });
});

describe('the wait for the answer', () => {
  test.each([
    [60_000, 1000, 5, 60_000],
    // nginx in front of a slow storage took 100 s for these.
    [60_000, 40_000_000, 400, 152_588],
    [600_000, 40_000_000, 400, 600_000],
    [60_000, 40_000_000, 900_000, 900_000],
    [60_000, 5 * 1024 ** 3, 60_000, 20_480_000],
  ])('with --timeout %i ms, %i bytes sent in %i ms: %i ms', (timeout, bytes, sending, expected) => {
    expect(answerWaitMs(timeout, bytes, sending)).toBe(expected);
  });

  test('is long enough for a proxy that passes the file on slowly', async () => {
    const server = await scripted(async (peer) => {
      await peer.head();
      await peer.body();
      await pause(1_500);
      await peer.send(stored(middle));
    });
    const { send, notices } = await put(server.origin, middle, { timeoutMs: 1_400 });
    expect(await send()).toMatchObject({ verified: true });
    expect([server.heads.length, notices]).toEqual([1, []]);
  });

  test('ends with a message that names --timeout', async () => {
    const server = await scripted(async (peer) => {
      await peer.head();
    });
    const { send } = await put(server.origin, small, { timeoutMs: 50, retries: 0 });
    // On a busy machine the file itself may not be gone within that second.
    expect(await send()).toEqual({
      outcome: 'unavailable',
      message: expect.stringMatching(
        /: (?:no answer within 1 s after the last byte \(--timeout waits longer\)|nothing more was taken for 1 s \(--timeout\))$/,
      ),
    });
  });

  test('for a server that stops reading ends as well', async () => {
    const server = await scripted(async (peer) => {
      await peer.head();
      await peer.send(CONTINUE);
    });
    const { send } = await put(server.origin, large, { timeoutMs: 100, retries: 0 });
    expect(await send()).toMatchObject({ message: expect.stringContaining('--timeout') });
  });
});

test.each([
  ['is announced', async () => undefined],
  ['is sent', (peer: Peer) => peer.send(CONTINUE)],
  [
    'was sent',
    async (peer: Peer) => {
      await peer.send(CONTINUE);
      await peer.body();
    },
  ],
])('an interruption while a file %s ends the upload and its connection', async (_what, before) => {
  let interrupt = (): void => undefined;
  let isClosed = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    isClosed = resolve;
  });
  const server = await scripted(async (peer) => {
    await peer.head();
    await before(peer);
    await pause(20);
    interrupt();
    peer.socket.on('close', isClosed).resume();
  });
  const { send, context } = await put(server.origin, large, { timeoutMs: 60_000 });
  interrupt = context.interrupt;
  expect(await rejection(send())).toBe('SIGINT');
  await closed;
});
