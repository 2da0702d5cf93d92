import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcp,
  type LookupFunction,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { ApiEvent, Client } from '../../src/api/client.ts';
import type { Connection } from '../../src/api/connection.ts';
import type { Transport } from '../../src/api/net/transport.ts';
import { openApi } from '../../src/api/open.ts';
import type { RetryNotice } from '../../src/api/retry.ts';
import type { StorageOptions } from '../../src/api/storage.ts';
import type { ExpectedFile } from '../../src/api/upload-body.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';
import { type TestContext, tempDir, testContext } from '../helpers/context.ts';

/** A file of the vendor's examples. */
export const golden = (name: string): string =>
  readFileSync(new URL(`../golden/${name}.xml`, import.meta.url), 'utf8');

export async function sandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const box = await startSandbox({ processingTimeMs: 10, ...options });
  onTestFinished(() => box.close());
  return box;
}

export function connectionTo(baseUrl: string, more: Partial<Connection> = {}): Connection {
  return {
    profile: null,
    baseUrl,
    organisation: null,
    auth: { type: 'none' },
    query: {},
    headers: {},
    statusNames: {},
    recordStatus: {},
    caFile: null,
    clientCert: null,
    clientKey: null,
    proxy: null,
    allowInsecure: false,
    production: false,
    ...more,
  };
}

export interface Rig {
  readonly context: TestContext;
  readonly transport: Transport;
  readonly client: Client;
  readonly storage: StorageOptions;
  readonly redactor: Redactor;
  readonly events: ApiEvent[];
  readonly notices: RetryNotice[];
  /** The lines of the log. */
  readonly exchanges: string[];
}

interface RigOptions {
  readonly connection?: Partial<Connection>;
  readonly retries?: number;
  readonly outageMs?: number;
  readonly timeoutMs?: number;
  readonly env?: Record<string, string>;
  readonly lookup?: LookupFunction;
}

/** The real client and transport for a base URL; only the clock is fake. */
export async function rigFor(baseUrl: string, options: RigOptions = {}): Promise<Rig> {
  const { retries = 2, outageMs = 0, timeoutMs = 5_000, env = {} } = options;
  const context = testContext({ env, ...(options.lookup ? { lookup: options.lookup } : {}) });
  const connection = connectionTo(baseUrl, options.connection);
  const exchanges: string[] = [];
  const notices: RetryNotice[] = [];
  const events: ApiEvent[] = [];
  const redactor = new Redactor();
  const api = await openApi({
    context,
    connection,
    userAgent: 'ebill-test/1',
    timeoutMs,
    retries,
    outageMs,
    redactor,
    emit: (event) => {
      events.push(event);
      if (event.event === 'retry') notices.push(event);
    },
    log: (line) => exchanges.push(line),
  });
  onTestFinished(() => api.close());
  return { ...api, context, redactor, events, notices, exchanges };
}

/** Listens on a free port. The server and its connections are closed at the end of the test. @returns the port */
export function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export interface ReceivedRequest {
  readonly method: string;
  /** As on the request line. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface RawServer {
  readonly origin: string;
  readonly requests: ReceivedRequest[];
}

type Handler = (request: ReceivedRequest, response: ServerResponse, n: number) => void;

/** Reads each request completely and records it, then lets the test answer the nth one. */
export function recordingHandler(requests: ReceivedRequest[], answer: Handler): RequestListener {
  return (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('error', () => undefined);
    request.on('end', () => {
      const one: ReceivedRequest = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(parts),
      };
      requests.push(one);
      answer(one, response, requests.length);
    });
  };
}

export async function rawServer(answer: Handler): Promise<RawServer> {
  const requests: ReceivedRequest[] = [];
  const port = await listening(createServer(recordingHandler(requests, answer)));
  return { origin: `http://127.0.0.1:${port}`, requests };
}

/** A server that answers every request with one status and body. */
export function answering(status: number, body: string, headers: Record<string, string> = {}) {
  return rawServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(body);
  });
}

/** What makes an answer to a PUT evidence of the storage (api rule 19). */
export const S3_MARK = { etag: '"kms"', 'x-amz-request-id': 'R' };

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createTcp();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

export const INIT = {
  jobId: 'A_INIT',
  carryForwardInvoices: true,
  carryForwardCreditMemos: true,
  carryForwardDebitMemos: true,
  zeroOutCustomerBalance: false,
};

export const CREATE = {
  kind: 'customer',
  jobId: 'A_CUS',
  inputFilename: 'cus.csv',
  parent: null,
} as const;

/** The response to a create: a draft. */
/** Without a job id, so that it can be about any (api rule 14). */
export const DRAFT = golden('create-customer-answer').replace(/<jobId>[^<]*<\/jobId>\s*/, '');

/** A sandbox with a draft that has no file yet. */
export async function draft(faults: readonly string[] = []) {
  const box = await sandbox({ faults });
  const rig = await rigFor(box.apiUrl, {
    retries: 3,
    connection: {
      auth: { type: 'bearer', token: 'tok-123' },
      headers: { 'X-Tenant': 'acme' },
      query: { format: 'xml' },
    },
  });
  const made = await rig.client.create(CREATE);
  if (made.outcome !== 'answered') throw new Error(made.message);
  const stored = () => box.snapshot().batches.find((batch) => batch.jobId === 'A_CUS')?.sha256 ?? null;
  const puts = () => box.requests.filter((request) => request.call === 'put');
  return { ...rig, box, url: made.value.uploadUrl ?? '', stored, puts };
}

/** For uploads whose progress does not matter. */
export const IGNORE_PROGRESS = { onBytes: () => undefined, onRetry: () => undefined };

export const hash = (name: 'md5' | 'sha256', bytes: Buffer): string =>
  createHash(name).update(bytes).digest('hex');

/** Bytes of any kind that start as a CSV does. */
export const csvOf = (size: number): Buffer => Buffer.concat([Buffer.from('k'), randomBytes(size - 1)]);

/** Writes a file. */
export function fileOf(bytes: Buffer, name = 'cus.csv'): ExpectedFile {
  const path = join(tempDir('ebill-api-'), name);
  writeFileSync(path, bytes);
  return {
    ...{ path, bytes: bytes.length },
    ...{ md5: hash('md5', bytes), sha256: hash('sha256', bytes), crc32: crc32(bytes) },
  };
}

/** The reason a promise was rejected with; throws when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was not rejected');
}

/** What a call threw; throws when it did not. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('the call did not throw');
}
