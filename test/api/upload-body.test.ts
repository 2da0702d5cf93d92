import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import { getDefaultHighWaterMark } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { putFile } from '../../src/api/storage.ts';
import {
  BUFFER_BYTES,
  MIN_CHUNK_BYTES,
  nextChunkBytes,
  returnBuffers,
  takeBuffers,
  uploadBody,
} from '../../src/api/upload-body.ts';
import { authorities, hasOpenssl, keysOf } from '../helpers/authority.ts';
import { runs } from '../helpers/runs.ts';
import { fileOf, hash, IGNORE_PROGRESS, listening, rawServer, rigFor } from './rig.ts';

/** A receiver reads some chunks, then pauses, over and over. */
interface Stutter {
  readonly chunks: number;
  readonly pauseMs: number;
}

/** @returns the MD5 of the body */
function stuttering(request: IncomingMessage, { chunks, pauseMs }: Stutter): Promise<string> {
  const md5 = createHash('md5');
  let read = 0;
  request.on('data', (part: Buffer) => {
    md5.update(part);
    read += 1;
    if (read % chunks !== 0) return;
    request.pause();
    setTimeout(() => request.resume(), pauseMs);
  });
  return new Promise((resolve) => request.on('end', () => resolve(md5.digest('hex'))));
}

const CERTIFICATE = (() => {
  if (!hasOpenssl) return null;
  const pem = authorities();
  return { caFile: pem('ca.crt'), ...keysOf(pem, 'server') };
})();

describe.each([
  ['http', true],
  ['https', CERTIFICATE !== null],
])('over %s', (scheme, can) => {
  /** A receiver that stutters, and the MD5 of what it received last. */
  async function receiver() {
    let stutter: Stutter = { chunks: 1, pauseMs: 0 };
    let received = '';
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      void stuttering(request, stutter).then((md5) => {
        received = md5;
        response.setHeader('etag', md5).end();
      });
    };
    const server = (
      scheme === 'http' ? createServer(listener) : createTls({ ...CERTIFICATE }, listener)
    ) as Server;
    const origin = `${scheme}://127.0.0.1:${await listening(server)}`;
    const rig = await rigFor(origin, {
      timeoutMs: 20_000,
      retries: 0,
      connection: scheme === 'http' ? {} : { caFile: CERTIFICATE?.caFile ?? null },
    });
    return {
      ...rig,
      origin,
      stutterAs: (how: Stutter) => {
        stutter = how;
      },
      received: () => received,
    };
  }

  const receivers = fc.record({
    size: fc.oneof(
      fc.integer({ min: 1, max: 6 * BUFFER_BYTES }),
      fc.integer({ min: 1, max: 6 }).map((n) => n * BUFFER_BYTES),
    ),
    chunks: fc.integer({ min: 1, max: 40 }),
    pauseMs: fc.integer({ min: 0, max: 4 }),
  });

  test.skipIf(!can)('every byte arrives, however the receiver pauses', async () => {
    const { storage, origin, stutterAs, received } = await receiver();
    await fc.assert(
      fc.asyncProperty(receivers, async ({ size, ...how }) => {
        stutterAs(how);
        const bytes = randomBytes(size);
        const result = await putFile(storage, `${origin}/o`, fileOf(bytes), IGNORE_PROGRESS);
        expect(result).toMatchObject({ outcome: 'stored' });
        expect(received()).toBe(hash('md5', bytes));
      }),
      { numRuns: runs(2, 50) },
    );
  });

  // The reuse of buffers relies on this: undici asks for the next chunk only when the connection is done with the last.
  test.skipIf(!can)('a chunk may be overwritten as soon as the next one is asked for', async () => {
    const { transport, origin, stutterAs, received } = await receiver();
    await fc.assert(
      fc.asyncProperty(receivers, async ({ size, ...how }) => {
        stutterAs(how);
        const bytes = randomBytes(size);
        async function* overwritten() {
          const piece = Buffer.allocUnsafe(MIN_CHUNK_BYTES);
          for (let from = 0; from < size; from += piece.length) {
            bytes.copy(piece, 0, from);
            yield piece.subarray(0, size - from);
            // Not the last chunk, which may be too small to cause a pause.
            if (from + piece.length < size) piece.fill(0xff);
          }
        }
        const answer = await transport.send({
          method: 'PUT',
          url: `${origin}/o`,
          headers: { 'content-length': String(size) },
          body: overwritten(),
        });
        await answer.body.dump();
        expect(received()).toBe(hash('md5', bytes));
      }),
      { numRuns: runs(2, 50) },
    );
  });
});

describe('the buffers of an upload', () => {
  /** Uploads two files one after the other. @returns how many buffers were allocated */
  async function allocatedFor(etag: (body: Buffer) => string, status = 200): Promise<number> {
    const made = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const server = await rawServer(({ body }, response) => {
      response.writeHead(status, { etag: etag(body) }).end();
    });
    const { storage } = await rigFor(server.origin, { retries: 0 });
    // Empty the pool first.
    const taken = Array.from({ length: 50 }, () => takeBuffers());
    made.mockClear();
    for (let n = 0; n < 2; n++) {
      const bytes = randomBytes(2 * BUFFER_BYTES + n);
      await putFile(storage, `${server.origin}/o`, fileOf(bytes), IGNORE_PROGRESS);
      expect(server.requests.at(-1)?.body.equals(bytes)).toBe(true);
    }
    const count = made.mock.calls.length;
    made.mockRestore();
    expect(taken).toHaveLength(50);
    return count;
  }

  test('are reused when the storage proves that it has the file', async () => {
    expect(await allocatedFor((body) => `"${hash('md5', body)}"`)).toBe(2);
  });

  test.each<[string, () => string, number]>([
    ['proves nothing', () => '"abc"', 200],
    ['refuses it', () => '', 403],
    ['has other bytes', () => `"${'0'.repeat(32)}"`, 200],
  ])(
    'are not reused when the storage %s: the connection may still hold them',
    async (_what, etag, status) => {
      expect(await allocatedFor(etag, status)).toBe(4);
    },
  );

  test('come from the pool first', () => {
    const blocks = takeBuffers();
    returnBuffers(blocks);
    expect(takeBuffers()).toBe(blocks);
  });
});

describe('the chunks of an upload', () => {
  test('are larger than a connection’s buffer and divide a block evenly', () => {
    expect(MIN_CHUNK_BYTES).toBeGreaterThanOrEqual(getDefaultHighWaterMark(false));
    // The value of Node 22, if this runs on an older version.
    expect(MIN_CHUNK_BYTES).toBeGreaterThanOrEqual(64 * 1024);
    expect(BUFFER_BYTES % MIN_CHUNK_BYTES).toBe(0);
  });

  test.each([
    [BUFFER_BYTES, 0, BUFFER_BYTES],
    [BUFFER_BYTES, 99, BUFFER_BYTES],
    [BUFFER_BYTES, 300, BUFFER_BYTES],
    [BUFFER_BYTES, 501, BUFFER_BYTES / 2],
    [MIN_CHUNK_BYTES, 60_000, MIN_CHUNK_BYTES],
    [MIN_CHUNK_BYTES, 300, MIN_CHUNK_BYTES],
    [MIN_CHUNK_BYTES, 99, 2 * MIN_CHUNK_BYTES],
  ])('of %i bytes that took %i ms are followed by one of %i', (slice, ms, next) => {
    expect(nextChunkBytes(slice, ms)).toBe(next);
  });

  test('shrink on a slow line and grow again', async () => {
    const file = fileOf(randomBytes(6 * BUFFER_BYTES));
    let clock = 0;
    const sizes: number[] = [];
    const received: Buffer[] = [];
    const source = uploadBody(
      file,
      takeBuffers(),
      () => undefined,
      () => clock,
    );
    for await (const piece of source) {
      sizes.push(piece.length / MIN_CHUNK_BYTES);
      received.push(Buffer.from(piece));
      if (sizes.length < 6) clock += 2000;
    }
    expect(sizes.slice(0, 10)).toEqual([8, 4, 2, 1, 1, 1, 2, 4, 8, 1]);
    expect(Math.max(...sizes.slice(10))).toBe(16);
    expect(Buffer.concat(received).equals(readFileSync(file.path))).toBe(true);
  });

  test('end with the file', async () => {
    const sizes: number[] = [];
    const file = fileOf(randomBytes(BUFFER_BYTES + 5));
    for await (const piece of uploadBody(
      file,
      takeBuffers(),
      () => undefined,
      () => 0,
    ))
      sizes.push(piece.length);
    expect(sizes).toEqual([BUFFER_BYTES / 2, BUFFER_BYTES / 2, 5]);
  });
});
