import { Agent, type ClientRequestArgs, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { buildConnector } from 'undici';
import { bareHost } from './addresses.ts';
import { MAX_HEAD_BYTES } from './response-heads.ts';
import { TransportError } from './transport-error.ts';

/** Bytes. A larger body is announced first (commands rule 29): a server that refuses it can say so before it is sent. */
const EXPECT_BYTES = 1024 * 1024;
/** ms. A server that knows nothing of `Expect` waits for the body (RFC 9110, 10.1.1). */
const CONTINUE_MS = 1_000;
/** ms. How long an answer waits for the part under way to be taken. */
const TAKEN_MS = 1_000;
/** ms that a connection is kept for the next upload. */
const IDLE_MS = 4_000;
/** Bytes a second. The slowest way on from a proxy that takes the whole body before it passes it on. */
const SLOWEST_RATE = 256 * 1024;

/**
 * How long to wait for the answer to a body, ms from its last byte: a proxy in between may have taken it faster than it can
 * pass it on, and a body sent again meanwhile makes it slower still.
 * @param sendingMs how long it took to send it
 */
export const answerWaitMs = (timeoutMs: number, bytes: number, sendingMs: number): number =>
  Math.ceil(Math.max(timeoutMs, sendingMs, (bytes / SLOWEST_RATE) * 1000));

type Connector = ReturnType<typeof buildConnector>;

export interface Upload {
  readonly method: string;
  readonly origin: string;
  /** The request target. */
  readonly path: string;
  /** With `content-length`. */
  readonly headers: Readonly<Record<string, string>>;
  /** A part is asked for when the connection has taken the one before it. */
  readonly body: AsyncIterable<Buffer>;
  readonly signal?: AbortSignal | undefined;
  /** Called when there is a connection, before anything is written. */
  readonly onSending: () => void;
}

/** As undici gives it. */
interface Response {
  readonly statusCode: number;
  readonly headers: NodeJS.Dict<string[]>;
  readonly body: AsyncIterable<Buffer> & { dump(): Promise<void> };
}

export interface Uploads {
  /** Rejects with a TransportError, or the error of Node or the connector. */
  send(upload: Upload): Promise<Response>;
  close(): void;
}

/**
 * Sends requests with streamed bodies through Node's own client: undici writes the head of a request only together with the
 * first bytes of its body, and refuses `Expect`.
 * @param timeoutMs without progress
 */
export function openUploads(connect: Connector, timeoutMs: number): Uploads {
  const agent = new ConnectorAgent(connect);
  /** Origins that answer nothing to `Expect`, or refuse it. */
  const without = new Set<string>();
  return {
    send: async (upload) => {
      const announced =
        Number(upload.headers['content-length']) > EXPECT_BYTES && !without.has(upload.origin);
      if (!announced) return exchange(agent, upload, timeoutMs, null);
      const response = await exchange(agent, upload, timeoutMs, () => without.add(upload.origin));
      if (response.statusCode !== 417) return response;
      without.add(upload.origin);
      await response.body.dump();
      return exchange(agent, upload, timeoutMs, null);
    },
    close: () => agent.destroy(),
  };
}

type Options = ClientRequestArgs & { readonly origin?: string };

/** Keep-alive connections, made by a connector of undici's kind. */
class ConnectorAgent extends Agent {
  readonly #connect: Connector;
  constructor(connect: Connector) {
    super({ keepAlive: true, timeout: IDLE_MS });
    this.#connect = connect;
  }
  override getName({ origin = '' }: Options = {}): string {
    return origin;
  }
  override createConnection(
    { origin = '' }: Options,
    done?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const { protocol, hostname, host, port } = new URL(origin);
    this.#connect({ protocol, hostname: bareHost(hostname), host, port }, (error, socket) =>
      done?.(error, socket as Socket),
    );
  }
  /** What arrived after an answer would be taken for the next one. */
  override keepSocketAlive(socket: Duplex): boolean {
    return socket.readableLength === 0 && Boolean(super.keepSocketAlive(socket));
  }
}

/** @param onSilence the body is announced with `Expect`; called when the server answers nothing to that */
function exchange(
  agent: Agent,
  upload: Upload,
  timeoutMs: number,
  onSilence: (() => void) | null,
): Promise<Response> {
  const { origin, signal, body } = upload;
  const bytes = Number(upload.headers['content-length']);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const request = httpRequest({
      ...{ agent, origin },
      method: upload.method,
      path: upload.path,
      maxHeaderSize: MAX_HEAD_BYTES,
      headers: {
        host: new URL(origin).host,
        ...upload.headers,
        ...(onSilence === null ? {} : { expect: '100-continue' }),
      },
    });
    let timer: NodeJS.Timeout | undefined;
    let isSending = false;
    let isWhole = false;
    let response: IncomingMessage | null = null;
    let failure: unknown = null;
    /** Ends the wait for a part to be taken. */
    let wake = (): void => undefined;
    /** Bytes handed over. */
    let sent = 0;
    /** The part that was handed over last, until it is known to be taken. */
    let handed: Promise<void> | null = null;

    const fail = (error: unknown): void => {
      failure ??= error;
      reject(failure);
      request.destroy();
    };
    const limit = (ms: number, what: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(new TransportError('lost', `${origin}: ${what}`, undefined)), ms);
    };
    const taken = async (part: Buffer): Promise<void> => {
      sent += part.length;
      handed = new Promise((done) => {
        wake = done;
        request.write(part, () => done());
      });
      await handed;
      handed = null;
    };
    // As curl does: after a refusal nothing more is sent; after a 2xx, the server may still want the rest.
    const mayGoOn = (): boolean => !request.destroyed && (response?.statusCode ?? 0) < 300;

    async function sendBody(): Promise<void> {
      if (isSending || response !== null) return;
      isSending = true;
      const start = performance.now();
      for await (const part of body) {
        if (!mayGoOn()) return;
        limit(timeoutMs, `nothing more was taken for ${seconds(timeoutMs)} (--timeout)`);
        await taken(part);
      }
      if (!mayGoOn()) return;
      isWhole = true;
      request.end();
      if (response !== null) return;
      const ms = answerWaitMs(timeoutMs, bytes, performance.now() - start);
      limit(ms, `no answer within ${seconds(ms)} after the last byte (--timeout waits longer)`);
    }

    async function* received(from: IncomingMessage): AsyncGenerator<Buffer> {
      // All of it: answers of storages are small.
      limit(timeoutMs, `the response was not complete within ${seconds(timeoutMs)} (--timeout)`);
      try {
        yield* from;
      } catch (cause) {
        throw failure ?? new Error('the connection was closed before it was complete', { cause });
      } finally {
        // Then the connection is free for the next request.
        if (isWhole && from.complete) await closed;
        else request.destroy();
      }
    }

    const onInterim = (status: number): void => {
      if (status === 100 && onSilence !== null) sendBody().catch(fail);
    };
    const onAbort = (): void => fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    request.on('socket', (socket) => {
      upload.onSending();
      request.once('close', () => socket.off('interim', onInterim));
      socket.on('interim', onInterim);
      if (onSilence === null) sendBody().catch(fail);
      else
        timer = setTimeout(() => {
          onSilence();
          sendBody().catch(fail);
        }, CONTINUE_MS);
    });
    request.on('response', (from) => {
      response = from;
      // Its reader sees it; without a reader it must not end the program.
      from.on('error', () => undefined);
      clearTimeout(timer);
      if (!mayGoOn()) wake();
      const answered = (): void =>
        resolve({
          statusCode: from.statusCode ?? 0,
          headers: from.headersDistinct,
          body: Object.assign(received(from), { dump: async () => void request.destroy() }),
        });
      if (handed === null || sent < bytes || !mayGoOn()) answered();
      else {
        // On a busy machine an answer is read before the last part is known to be taken: it is not early for that.
        // Only of the last part: what comes before more is to be sent is early.
        const late = setTimeout(answered, TAKEN_MS);
        void handed.then(() =>
          setImmediate(() => {
            clearTimeout(late);
            answered();
          }),
        );
      }
    });
    request.on('error', fail);
    const closed = new Promise<void>((done) => request.once('close', done));
    request.once('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      wake();
      reject(failure ?? new Error('the connection was closed before the response was complete'));
    });
    if (onSilence !== null) request.flushHeaders();
  });
}

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;
