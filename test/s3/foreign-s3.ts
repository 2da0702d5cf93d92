import { rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import S3rver from '@20minutes/s3rver';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { tempDir } from '../helpers/context.ts';

// An S3 server that is not ours: s3rver, maintained by 20 Minutes. It checks presigned URLs (signature version 4 and
// expiry) with its own code, and answers with MD5 ETags and S3's error documents. Where it is laxer than S3, a test has to
// check what was sent (`requests`):
//
// - it takes a body without Content-Length (S3: 411 MissingContentLength),
// - it serves requests that carry no signature at all (S3, for a private bucket: 403 AccessDenied),
// - it accepts a URL dated in the future (S3: 403 AccessDenied, "Request is not yet valid"),
// - it ignores Content-MD5 and the x-amz-checksum-… of a URL (S3: 400 BadDigest),
// - it writes directly into the object: a broken PUT leaves half an object (S3 keeps the old one, or none),
// - it does not know keys with empty, `.` or `..` parts (S3 does).

/** Silences the SDK's warning that it will require Node 22 from January 2027. */
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const BUCKET = 'ebill';
/** The only account of s3rver. */
const ACCOUNT = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

export interface SeenRequest {
  readonly method: string;
  /** The request line's, byte for byte. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface SignOptions {
  /** Defaults to now. */
  readonly at?: Date;
  /** Defaults to an hour. */
  readonly seconds?: number;
  /** Defaults to the server's. */
  readonly port?: number;
  readonly account?: typeof ACCOUNT;
  readonly bucket?: string;
}

export interface ForeignS3 {
  readonly port: number;
  readonly requests: SeenRequest[];
  /** Presigned by the AWS SDK. */
  putUrl(key: string, options?: SignOptions): Promise<string>;
  /** @param disposition the Content-Disposition of the response */
  getUrl(key: string, options?: SignOptions & { readonly disposition?: string }): Promise<string>;
  /** Stores with the AWS SDK. */
  store(key: string, body: Buffer): Promise<void>;
  /** Reads with the AWS SDK; `null` when there is no such object. */
  read(key: string): Promise<{ readonly body: Buffer; readonly type: string | undefined } | null>;
  close(): Promise<void>;
}

export async function startForeignS3(): Promise<ForeignS3> {
  const directory = tempDir('ebill-s3-');
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    directory,
    silent: true,
    vhostBuckets: false,
    configureBuckets: [{ name: BUCKET }],
  });
  const { port } = await server.run();
  const requests: SeenRequest[] = [];
  // Before s3rver's own listener, which adds headers.
  server.httpServer.prependListener('request', ({ method = '', url = '', rawHeaders }) => {
    requests.push({ method, target: url, headers: paired(rawHeaders) });
  });
  const client = clientAt(port, ACCOUNT);
  return {
    port,
    requests,
    putUrl: (key, options = {}) =>
      signed(new PutObjectCommand({ Bucket: options.bucket ?? BUCKET, Key: key }), { port, ...options }),
    getUrl: (key, { disposition, ...options } = {}) =>
      signed(
        new GetObjectCommand({
          Bucket: options.bucket ?? BUCKET,
          Key: key,
          ...(disposition === undefined ? {} : { ResponseContentDisposition: disposition }),
        }),
        { port, ...options },
      ),
    store: async (key, body) => {
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
    },
    read: async (key) => {
      try {
        const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
        return { body: Buffer.from((await Body?.transformToByteArray()) ?? []), type: ContentType };
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return null;
        throw error;
      }
    },
    close: async () => {
      client.destroy();
      server.httpServer.closeAllConnections();
      await server.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function clientAt(port: number, credentials: typeof ACCOUNT): S3Client {
  return new S3Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    credentials,
    // Otherwise a presigned PUT requires the CRC of an empty body.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

function signed(
  command: PutObjectCommand | GetObjectCommand,
  { port, account = ACCOUNT, at, seconds = 3600 }: SignOptions & { readonly port: number },
): Promise<string> {
  return getSignedUrl(clientAt(port, account), command, {
    expiresIn: seconds,
    ...(at === undefined ? {} : { signingDate: at }),
  });
}

function paired(rawHeaders: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.set((rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? '');
  }
  return headers;
}

export interface BrittleDoor {
  readonly port: number;
  /** Connections taken so far. */
  readonly taken: () => number;
  close(): Promise<void>;
}

/** Forwards to a port. Resets the first connection after `bytes`; later ones hold. */
export async function openBrittleDoor(to: number, bytes: number): Promise<BrittleDoor> {
  let taken = 0;
  const open = new Set<Socket>();
  const door = createServer((near) => {
    taken += 1;
    open.add(near);
    const far = connect(to, '127.0.0.1');
    let left = taken === 1 ? bytes : Number.POSITIVE_INFINITY;
    for (const [from, onto] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (block) => {
        left -= block.length;
        if (left > 0) {
          if (!onto.write(block)) from.pause();
          return;
        }
        near.resetAndDestroy();
        far.destroy();
      });
      onto.on('drain', () => from.resume());
      from.on('error', () => undefined);
      from.on('close', () => onto.destroy());
    }
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  return {
    port: (door.address() as AddressInfo).port,
    taken: () => taken,
    close: () =>
      new Promise((resolve) => {
        door.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
