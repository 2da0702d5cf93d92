import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { downloadFile } from '../../src/api/download.ts';
import { readBody } from '../../src/api/response-body.ts';
import { tempDir } from '../helpers/context.ts';
import { CREATE, DRAFT, hash, rawServer, rigFor } from './rig.ts';

const CODINGS: readonly (readonly [what: string, coding: string, encode: (bytes: Buffer) => Buffer])[] = [
  ['gzip', 'gzip', gzipSync],
  ['gzip by its old name', 'X-GZip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its header', 'deflate', deflateRawSync],
  ['br', 'br', brotliCompressSync],
  ['none, by name', 'identity', (bytes) => bytes],
  ['a charset', 'UTF-8', (bytes) => bytes],
  ['the framing of an upload', 'aws-chunked', (bytes) => bytes],
  ['two, one in the other', 'deflate, gzip', (bytes) => gzipSync(deflateSync(bytes))],
];

/** A server that sends one body, in parts of a few bytes, with a `Content-Encoding`. */
const coded = (body: Buffer, coding: string, headers: Record<string, string> = {}) =>
  rawServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': coding, ...headers });
    for (let at = 0; at < body.length; at += 7) response.write(body.subarray(at, at + 7));
    response.end();
  });

const target = () => join(tempDir(), 'result.csv');

describe('a response with a content coding (api rule 9)', () => {
  test('is declared', async () => {
    const server = await coded(Buffer.from(DRAFT), 'identity');
    await (await rigFor(server.origin)).client.create(CREATE);
    expect(server.requests[0]?.headers['accept-encoding']).toBe('gzip, deflate, br');
  });

  test.each(CODINGS)('is decoded: %s', async (_what, coding, encode) => {
    const server = await coded(encode(Buffer.from(DRAFT)), coding);
    const { client } = await rigFor(server.origin);
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'answered', value: { id: '3' } });
  });

  test.each([
    ['gzip cut off', 'gzip', gzipSync(DRAFT).subarray(0, -9)],
    ['plain text said to be gzip', 'gzip', Buffer.from(DRAFT)],
    ['an unknown coding', 'zstd', Buffer.from(DRAFT)],
  ])('proves nothing if it cannot be decoded: %s', async (_what, coding, body) => {
    const server = await coded(body, coding);
    const { client } = await rigFor(server.origin);
    expect(await client.create(CREATE)).toMatchObject({ outcome: 'ambiguous' });
  });

  test('is limited in its decoded size', async () => {
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    const server = await coded(bomb, 'gzip');
    const { transport } = await rigFor(server.origin);
    const response = await transport.send({ method: 'GET', url: server.origin, headers: {} });
    await expect(readBody(response, 999_999)).rejects.toThrow('larger than 999999 bytes');
    expect(bomb.length).toBeLessThan(999_999);
  });
});

describe('a result with a content coding (api rule 21)', () => {
  const CSV = Buffer.from(`Account Number,Status\n${'A1,Success\n'.repeat(5000)}`);

  test.each(CODINGS)('is stored decoded: %s', async (_what, coding, encode) => {
    const body = encode(CSV);
    const server = await coded(body, coding, {
      'content-length': String(body.length),
      etag: `"${hash('md5', body)}"`,
    });
    const { storage } = await rigFor(server.origin);
    const path = target();
    expect(await downloadFile(storage, `${server.origin}/o`, path, () => undefined)).toEqual({
      outcome: 'saved',
      bytes: CSV.length,
      sha256: hash('sha256', CSV),
    });
    expect(readFileSync(path).equals(CSV)).toBe(true);
    // It is not declared: no header goes out that the URL does not ask for (api rule 10).
    expect(server.requests[0]?.headers['accept-encoding']).toBeUndefined();
  });

  test.each([
    ['it is cut off', 'gzip', gzipSync(CSV).subarray(0, -20), 'decoded as gzip (unexpected end of file)'],
    ['it is not what it says', 'gzip', CSV, 'decoded as gzip (incorrect header check)'],
    ['its coding is unknown', 'zstd', CSV, 'the content coding zstd is not supported'],
  ])('is not stored if %s', async (_why, coding, body, message) => {
    const server = await coded(body, coding);
    const { storage } = await rigFor(server.origin, { retries: 1 });
    expect(await downloadFile(storage, `${server.origin}/o`, target(), () => undefined)).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringContaining(message),
    });
    expect(server.requests).toHaveLength(2);
  });
});
