import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { downloadFile } from '../../../src/api/download.ts';
import { plainHead, withPlainHeads } from '../../../src/api/net/response-heads.ts';
import { putFile } from '../../../src/api/storage.ts';
import { tempDir } from '../../helpers/context.ts';
import { scripted } from '../peer.ts';
import { CREATE, DRAFT, fileOf, hash, IGNORE_PROGRESS, listening, rejection, rigFor } from '../rig.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const OLD = 'HTTP/1.0 100 Continue\r\nX-Gateway: a\r\n\r\n';
const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n';

/** A server that answers each request with these bytes, whole or one by one. */
async function speaking(answer: (body: Buffer) => string, oneByOne = false): Promise<string> {
  const server = createServer((socket: Socket) => {
    let got = Buffer.alloc(0);
    socket.setNoDelay(true).on('data', (part) => {
      got = Buffer.concat([got, part]);
      const head = got.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(got.toString('latin1'))?.[1] ?? 0);
      if (head < 0 || got.length < head + 4 + length) return;
      const text = Buffer.from(answer(got.subarray(head + 4)));
      got = Buffer.alloc(0);
      const send = (at: number): void => {
        if (at < text.length) socket.write(text.subarray(at, at + 1), () => setImmediate(send, at + 1));
      };
      if (oneByOne) send(0);
      else socket.write(text);
    });
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

const final = (body: string, headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test('a head of 40 KiB is read, as curl does', async () => {
  const cookies = `Set-Cookie: a=${'x'.repeat(40_000)}\r\n`;
  const { client } = await rigFor(await speaking(() => final(DRAFT, cookies)));
  expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered' });
  const file = fileOf(Buffer.from('a,b\n1,2\n'));
  const origin = await speaking(() => final('', `${cookies}ETag: "${file.md5}"\r\n`));
  const { storage } = await rigFor(origin);
  expect(await putFile(storage, `${origin}/o`, file, IGNORE_PROGRESS)).toMatchObject({ outcome: 'stored' });
});

test('an unrequested switch of protocols is a closed connection', async () => {
  const file = fileOf(Buffer.from('a,b\n1,2\n'));
  const origin = await speaking(
    () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
  );
  const { storage } = await rigFor(origin, { retries: 0 });
  expect(await putFile(storage, `${origin}/o`, file, IGNORE_PROGRESS)).toMatchObject({
    message: expect.stringContaining('the connection was closed before the response was complete'),
  });
});

describe('responses before the response', () => {
  test.each([
    ['100', CONTINUE, false],
    ['100 of HTTP/1.0, with a header', OLD, false],
    ['two of them', CONTINUE + CONTINUE, false],
    ['102', PROCESSING, false],
    ['103', HINTS, false],
    ['100, 103 and 100', CONTINUE + HINTS + CONTINUE, false],
    ['100, byte by byte', CONTINUE, true],
    ['100 and 102, byte by byte', CONTINUE + PROCESSING, true],
    ['none, byte by byte', '', true],
  ])('are passed over: %s', async (_what, interim, oneByOne) => {
    const origin = await speaking(() => interim + final(DRAFT), oneByOne);
    const { client } = await rigFor(origin, { retries: 0 });
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered', value: { id: '3' } });
    expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
    const file = fileOf(Buffer.from('a\n1\n'));
    const store = await speaking((body) => interim + final('', `ETag: "${hash('md5', body)}"\r\n`), oneByOne);
    const { storage } = await rigFor(store, { retries: 0 });
    expect(await putFile(storage, `${store}/o`, file, IGNORE_PROGRESS)).toMatchObject({ outcome: 'stored' });
  });
});

/** Pushes the chunks into a socket that a request was written to. @returns what its reader gets, and the interim statuses */
function pushed(chunks: readonly (Buffer | null)[]): { readonly seen: string; readonly interim: number[] } {
  const seen: Buffer[] = [];
  const interim: number[] = [];
  const socket = withPlainHeads({
    push: (chunk: Buffer | null) => chunk !== null && seen.push(chunk) > 0,
    write: (..._args: unknown[]) => true,
    emit: (_name: unknown, ...args: unknown[]) => interim.push(Number(args[0])) > 0,
  });
  socket.write('GET / HTTP/1.1\r\n\r\n');
  for (const chunk of chunks) socket.push(chunk);
  return { seen: Buffer.concat(seen).toString('latin1'), interim };
}

test('all other bytes are read as they come, however they are cut', () => {
  const body = `${CONTINUE}a body may say anything\r\n\r\n HTTP/1.1 200 OK\r\n`;
  const piece = fc.constantFrom(CONTINUE, OLD, PROCESSING, HINTS);
  const answer = fc.constantFrom(
    final(body),
    'HTTP/1.1 404 No\r\n\r\n',
    'SSH-2.0-OpenSSH\r\n',
    '\u0015\u0003',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 3 }), answer, fc.array(fc.nat(30)), (pieces, rest, sizes) => {
      const bytes = Buffer.from(pieces.join('') + rest, 'latin1');
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        const chunk = bytes.subarray(at, at + size + 1);
        if (chunk.length > 0) chunks.push(chunk);
        at += size + 1;
      }
      const { seen, interim } = pushed(chunks);
      expect(seen).toBe(rest);
      expect(interim).toHaveLength(pieces.length);
    }),
    { numRuns: 300 },
  );
});

test('an answer that ends within its head is left to the parser', () => {
  expect(pushed([Buffer.from('HTTP/1.1 200 OK\r\nA'), null]).seen).toBe('HTTP/1.1 200 OK\r\nA');
});

test.each([
  ['a b', 'a b'],
  ['HTTP/1.1 200 OK\nA: 1\nB: 2', 'HTTP/1.1 200 OK\r\nA: 1\r\nB: 2'],
  ['HTTP/1.1 200 OK\r\nA: 1\r\n\t2\r\n  3\r\nB: 4', 'HTTP/1.1 200 OK\r\nA: 1 2 3\r\nB: 4'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length:5', 'HTTP/1.1 200 OK\r\nContent-Length: 5'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nA: 1', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: 1'],
  [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6',
  ],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 5',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: close',
  ],
  ['HTTP/1.1 200 OK\r\nServer : x\r\nA B: 1\r\nC: \u0001d', 'HTTP/1.1 200 OK\r\nServer: x\r\nC:  d'],
  ['HTTP/1.1 200 OK\r\nno colon', 'HTTP/1.1 200 OK\r\nno colon'],
])('the head %j is read as %j', (head, plain) => {
  expect(plainHead(head)).toBe(plain);
});

const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** What curl takes without a word. */
const TAKEN: readonly (readonly [what: string, answer: (body: string, fields: string) => string])[] = [
  [
    'a length, and chunked',
    (body, fields) =>
      `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(body)}`,
  ],
  [
    'a wrong length, and chunked',
    (body, fields) =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${fields}Content-Length: 3\r\n\r\n${chunked(body)}`,
  ],
  [
    'the same length twice',
    (body, fields) =>
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`,
  ],
  [
    'the same length twice in a line',
    (body, fields) =>
      `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}, ${body.length}\r\n\r\n${body}`,
  ],
  [
    'folded lines',
    (body, fields) =>
      `HTTP/1.1 200 OK\r\nX-Long: one,\r\n two,\r\n\tthree\r\n${fields}Content-Length:\r\n ${body.length}\r\n\r\n${body}`,
  ],
  [
    'lines that end with LF',
    (body, fields) =>
      `HTTP/1.1 200 OK\n${fields.replaceAll('\r', '')}Content-Length: ${body.length}\n\n${body}`,
  ],
  [
    'no reason phrase',
    (body, fields) => `HTTP/1.1 200\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`,
  ],
  ['HTTP/1.0, ended by closing', (body, fields) => `HTTP/1.0 200 OK\r\n${fields}\r\n${body}\u0000close`],
  ['HTTP/1.1, ended by closing', (body, fields) => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}\u0000close`],
  [
    'a blank before a colon',
    (body, fields) => `HTTP/1.1 200 OK\r\n${fields}Content-Length : ${body.length}\r\n\r\n${body}`,
  ],
  [
    'a header whose name is none',
    (body, fields) => `HTTP/1.1 200 OK\r\nX (y): 1\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`,
  ],
  [
    'garbage after the body',
    (body, fields) => `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}garbage`,
  ],
  [
    'a line break after the body',
    (body, fields) => `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}\r\n`,
  ],
];

/** Answers every request in this way, and closes the connection where the text ends with a mark. */
const odd = (text: (body: Buffer) => string) =>
  scripted(async (peer) => {
    for (;;) {
      await peer.head();
      const answer = text(await peer.body());
      await peer.send(answer.replace('\u0000close', ''));
      if (answer.endsWith('\u0000close')) peer.drop();
    }
  });

test.each(TAKEN)('an answer with %s is taken, and the connection is usable', async (_what, answer) => {
  const api = await odd(() => answer(DRAFT, 'X-A: b\r\n'));
  const { client } = await rigFor(api.origin, { retries: 0 });
  for (let time = 0; time < 3; time += 1) {
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered', value: { id: '3' } });
    expect(await client.status({ id: '3' })).toMatchObject({ id: '3' });
  }
  const store = await odd((body) =>
    body.length === 0 ? answer('a\n1\n', '') : answer('', `ETag: "${hash('md5', body)}"\r\n`),
  );
  const { storage } = await rigFor(store.origin, { retries: 0 });
  const file = fileOf(Buffer.from('a\n1\n'));
  for (let time = 0; time < 3; time += 1) {
    expect(await putFile(storage, `${store.origin}/o`, file, IGNORE_PROGRESS)).toMatchObject({
      verified: true,
    });
    const path = `${tempDir()}/x`;
    expect(await downloadFile(storage, `${store.origin}/o`, path, () => undefined)).toMatchObject({
      outcome: 'saved',
      bytes: 4,
    });
  }
});

test.each([
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    /more than one Content-Length/,
  ],
  [
    'a length in words',
    'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nabcde',
    /Content-Length that is not a number/,
  ],
  ['a line without a colon', 'HTTP/1.1 200 OK\r\nno colon here\r\n\r\n', /broken header line/],
  ['a NUL in a line', 'HTTP/1.1 200 OK\r\nX: a\u0000b\r\n\r\n', /broken header line/],
  ['a status in words', 'HTTP/1.1 two OK\r\n\r\n', /broken status line/],
  ['a version to come', 'HTTP/7.3 200 OK\r\n\r\n', /unknown version of HTTP/],
  ['the greeting of SSH', 'SSH-2.0-OpenSSH_9.2\r\n', /did not answer in HTTP/],
  ['an alert of TLS', '\u0015\u0003\u0001\u0000\u0002\u0002\u0046', /did not answer in HTTP/],
  ['broken chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', /broken chunk/],
  [
    'endless headers',
    `HTTP/1.1 200 OK\r\n${'X: yyyyyyy\r\n'.repeat(20_000)}\r\n`,
    /headers of more than 64 KiB/,
  ],
])(
  'an answer with %s is refused in words, and a changing call after it is in doubt',
  async (_what, bytes, words) => {
    const server = await odd(() => bytes);
    const { client, storage } = await rigFor(server.origin, { retries: 0 });
    const message = expect.stringMatching(words);
    const made = await client.create(CREATE);
    expect(made).toMatchObject({ outcome: 'ambiguous', message });
    expect(await rejection(client.status({ id: '3' }))).toMatchObject({
      code: 'UNAVAILABLE',
      message,
      hint: expect.stringMatching(/operators of the server/),
    });
    const file = fileOf(Buffer.from('a\n1\n'));
    const put = await putFile(storage, `${server.origin}/o`, file, IGNORE_PROGRESS);
    expect(put).toMatchObject({ outcome: 'unavailable', message });
    for (const text of [made, put])
      expect(JSON.stringify(text)).not.toMatch(/HPE_|llhttp|Parse Error|UND_ERR/);
  },
);
