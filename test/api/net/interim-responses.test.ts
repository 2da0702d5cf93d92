import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutInterim } from '../../../src/api/net/interim-responses.ts';
import { putFile } from '../../../src/api/storage.ts';
import { CREATE, DRAFT, fileOf, hash, IGNORE_PROGRESS, listening, rigFor } from '../rig.ts';

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

test('all other bytes are read as they come, however they are cut', () => {
  const body = `${CONTINUE}a body may say anything\r\n\r\n`;
  const piece = fc.constantFrom(CONTINUE, OLD, PROCESSING, HINTS);
  const answer = fc.constantFrom(final(body), 'HTTP/1.1 404 No\r\n\r\n', 'HTTP/1.1 1');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 3 }), answer, fc.array(fc.nat(30)), (pieces, rest, sizes) => {
      const bytes = Buffer.from(pieces.join('') + rest);
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        const chunk = bytes.subarray(at, at + size + 1);
        if (chunk.length > 0) chunks.push(chunk);
        at += size + 1;
      }
      const socket = withoutInterim({ bytesWritten: 1, read: (): Buffer | null => chunks.shift() ?? null });
      const seen: Buffer[] = [];
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) seen.push(chunk);
      // What may still become an interim response is held back.
      expect(Buffer.concat(seen).toString()).toBe(rest === 'HTTP/1.1 1' ? '' : rest);
    }),
    { numRuns: 300 },
  );
});
