import { appendFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { EbillError, messageOf } from '../errors.ts';
import { type AuthorizationSeen, authorizationSeen, type SandboxAuth } from './credentials.ts';
import type { Call, Side } from './state.ts';

/** One request. It never contains a credential: `authorization` is its kind only. */
export interface RequestRecord {
  /** Counts from 1, over both servers. */
  readonly n: number;
  /** Arrival, ISO 8601. */
  readonly time: string;
  readonly side: Side;
  readonly call: Call;
  readonly method: string;
  /** As on the request line. A presigned URL is complete: it is valid for this sandbox only. */
  readonly url: string;
  /** Job id of its batch, where known. */
  readonly jobId: string | null;
  readonly batchId: string | null;
  /** Status of the answer; `null` before, or without one (reset, hang, client disconnected). */
  readonly status: number | null;
  /** The fault that acted on it. */
  readonly fault: string | null;
  /** Whether it changed the sandbox's state. */
  readonly effect: boolean;
  /** The API's XML as received; `null` on the S3 side. */
  readonly requestBody: string | null;
  /** Bytes of the body that were read. */
  readonly bodyBytes: number;
  /** Of the body, when it was read to its end. */
  readonly bodySha256: string | null;
  readonly authorization: AuthorizationSeen;
  /** The values of `LOGGED_HEADERS`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of all headers, in lower case. */
  readonly headerNames: readonly string[];
  /** Requests with the same number came over the same connection. */
  readonly connection: number;
}

/** A record of a request in progress. */
export type OpenRecord = { -readonly [Field in keyof RequestRecord]: RequestRecord[Field] };

const LOGGED_HEADERS = [
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-md5',
  'expect',
  'accept',
  'cache-control',
  'user-agent',
];

/** All requests in order of arrival, in memory and as JSON lines in `file`. */
export class RequestLog {
  readonly records: OpenRecord[] = [];
  readonly #file: string | null;
  readonly #auth: SandboxAuth;
  readonly #now: () => number;
  readonly #connections = new WeakMap<Socket, number>();
  #connectionCount = 0;

  /** @throws EbillError USAGE when `file` cannot be written */
  constructor(file: string | null, auth: SandboxAuth, now: () => number) {
    this.#file = file;
    this.#auth = auth;
    this.#now = now;
    if (file === null) return;
    try {
      appendFileSync(file, '', { mode: 0o600 });
    } catch (error) {
      throw new EbillError('USAGE', `The sandbox cannot write its log ${file}: ${messageOf(error)}`, {
        hint: 'Give --log a file in a folder you may write to.',
        cause: error,
      });
    }
  }

  connected(socket: Socket): void {
    this.#connectionCount += 1;
    this.#connections.set(socket, this.#connectionCount);
  }

  open(request: IncomingMessage, side: Side): OpenRecord {
    const record: OpenRecord = {
      n: this.records.length + 1,
      time: new Date(this.#now()).toISOString(),
      side,
      call: 'other',
      method: request.method ?? '',
      url: request.url ?? '',
      jobId: null,
      batchId: null,
      status: null,
      fault: null,
      effect: false,
      requestBody: null,
      bodyBytes: 0,
      bodySha256: null,
      authorization: authorizationSeen(request.headers, this.#auth),
      headers: loggedHeaders(request),
      headerNames: Object.keys(request.headers).sort(),
      connection: this.#connections.get(request.socket) ?? 0,
    };
    this.records.push(record);
    return record;
  }

  /** Writes a complete record. Call it before the answer is sent: a client that has the answer finds the line. */
  close(record: OpenRecord): void {
    if (this.#file !== null) appendFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }
}

function loggedHeaders(request: IncomingMessage): Record<string, string> {
  const logged: Record<string, string> = {};
  for (const name of LOGGED_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') logged[name] = value;
  }
  return logged;
}

/** The request id in S3's answers. */
export function requestIdOf(record: RequestRecord): string {
  return record.n.toString(16).toUpperCase().padStart(16, '0');
}
