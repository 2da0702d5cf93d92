import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { downloadFile } from '../../src/api/download.ts';
import { tempDir } from '../helpers/context.ts';
import { listening, rejection, rigFor } from './rig.ts';

// A response that never ends although something of it keeps coming: a whole exchange has its limits, too.

const TIMEOUT_MS = 300;

/** Answers with these headers, then one byte every 40 ms for ever, up to `most` bytes a time. */
async function dripping(head: string, bytesEach = 1): Promise<string> {
  const drip = (socket: Socket): void => {
    socket.once('data', () => {
      socket.write(`${head}\r\n\r\n`);
      const timer = setInterval(() => socket.write(' '.repeat(bytesEach)), 40);
      socket.on('close', () => clearInterval(timer));
      onTestFinished(() => clearInterval(timer));
    });
  };
  return `http://127.0.0.1:${await listening(createServer(drip))}`;
}

const took = async (work: Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work;
  return performance.now() - began;
};

describe('a response that drips', () => {
  it.each([
    ['a body', 'HTTP/1.1 200 OK\r\nContent-Length: 100000'],
    ['a body without a length', 'HTTP/1.1 200 OK\r\nConnection: close'],
    ['the body of a redirect', 'HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 100000'],
  ])('is broken off soon after --timeout: %s', async (_what, head) => {
    const { client } = await rigFor(await dripping(head), { timeoutMs: TIMEOUT_MS, retries: 0 });
    let error: unknown;
    const ms = await took(rejection(client.status({ id: '1' })).then((thrown) => (error = thrown)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(ms).toBeLessThan(TIMEOUT_MS * 8);
  });

  it('is ambiguous for a changing call', async () => {
    const { client } = await rigFor(await dripping('HTTP/1.1 200 OK\r\nContent-Length: 100000'), {
      timeoutMs: TIMEOUT_MS,
    });
    expect(await client.finalize({ id: '1', jobId: 'A' })).toMatchObject({ outcome: 'ambiguous' });
  });

  it('is a failed download', async () => {
    const origin = await dripping('HTTP/1.1 200 OK\r\nContent-Length: 100000');
    const { storage } = await rigFor(origin, { timeoutMs: TIMEOUT_MS, retries: 0 });
    const result = await downloadFile(storage, `${origin}/x`, `${tempDir()}/x`, () => undefined);
    expect(result).toMatchObject({ outcome: 'unavailable', message: expect.stringContaining('too slowly') });
  });

  it('has five times --timeout as the response of a call, however much comes', { tags: 'slow' }, async () => {
    const { client } = await rigFor(await dripping('HTTP/1.1 200 OK\r\nConnection: close', 100), {
      timeoutMs: TIMEOUT_MS,
      retries: 0,
    });
    const ms = await took(rejection(client.status({ id: '1' })));
    expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS * 4);
    expect(ms).toBeLessThan(TIMEOUT_MS * 10);
  });
});

describe('a slow response', () => {
  it('of a file continues as long as data arrives', async () => {
    const length = 2400;
    const origin = await dripping(`HTTP/1.1 200 OK\r\nContent-Length: ${length}`, 50);
    const { storage } = await rigFor(origin, { timeoutMs: TIMEOUT_MS, retries: 0 });
    const path = `${tempDir()}/x`;
    const ms = await took(
      downloadFile(storage, `${origin}/x`, path, () => undefined).then((result) =>
        expect(result).toMatchObject({ outcome: 'saved', bytes: length }),
      ),
    );
    expect(ms).toBeGreaterThan(TIMEOUT_MS * 4);
  });
});
