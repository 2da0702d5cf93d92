import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { EbillError, errnoOf, messageOf } from '../errors.ts';
import { apiListener } from './api-server.ts';
import { authEnvironment } from './credentials.ts';
import { FaultList } from './faults.ts';
import { type SandboxOptions, type Settings, settingsOf } from './options.ts';
import { Processor } from './processor.ts';
import type { ServerContext } from './request-handler.ts';
import { RequestLog, type RequestRecord } from './request-log.ts';
import { s3ClientError, s3Listener } from './s3-server.ts';
import { type SandboxSnapshot, snapshotOf } from './snapshot.ts';
import { Store } from './store.ts';

export type { SandboxAuth } from './credentials.ts';
export { FAULT_GRAMMAR, parseFault } from './faults.ts';
export type { SandboxOptions } from './options.ts';
export { type SandboxFlags, sandboxOptions } from './parse-options.ts';
export type { RequestRecord } from './request-log.ts';
export type { BatchSnapshot, ObjectSnapshot, SandboxSnapshot } from './snapshot.ts';
export type { Call, Kind, Side } from './state.ts';
export { WORLD_LIST, WORLD_NAMES, type WorldName, worldOptions } from './worlds.ts';

/** A running sandbox. */
export interface Sandbox {
  /** Base URL of the API, without `/rest/batchProcess`. */
  readonly apiUrl: string;
  readonly s3Url: string;
  /** The folder with its state. */
  readonly data: string;
  /** The environment variables that point ebill at it. */
  readonly environment: Readonly<Record<string, string>>;
  /** All requests so far, in order of arrival. */
  readonly requests: readonly RequestRecord[];
  /** Adds a fault that counts from now on. @throws EbillError USAGE */
  addFault(spec: string): void;
  snapshot(): SandboxSnapshot;
  /** Resolves when all batches finalized so far are final; never, when `now` stands still before that. */
  waitForIdle(): Promise<void>;
  /** Stops at once and closes open connections. A temporary folder is removed; `data` is kept for the next start. */
  close(): Promise<void>;
}

/**
 * Starts a local eBill server and its S3 side.
 * @throws EbillError USAGE for a host other than loopback without `allowRemote`, a port in use, a fault with a syntax error, or
 *   an unusable folder
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = settingsOf(options);
  const faults = new FaultList();
  for (const spec of settings.faults) faults.add(spec);
  const closing = new AbortController();
  const log = new RequestLog(settings.logFile, settings.auth, settings.now);
  const store = new Store(settings.data, {
    invoices: settings.openInvoices,
    creditMemos: settings.openCreditMemos,
    debitMemos: settings.openDebitMemos,
  });
  const processor = new Processor(store, settings, closing.signal);
  let s3Port = 0;
  const context: ServerContext = {
    settings,
    store,
    log,
    faults,
    processor,
    running: new Set(),
    closing: closing.signal,
    s3Origin: (request) => s3Origin(settings, s3Port, request),
  };
  const servers: Listening[] = [];
  const close = async () => {
    closing.abort();
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all(context.running);
    await processor.stopped();
    store.dispose();
  };
  try {
    const shared = {
      host: settings.host,
      onConnection: (socket: IncomingMessage['socket']) => log.connected(socket),
    };
    const s3 = await listen({
      ...shared,
      port: settings.s3Port,
      option: '--s3-port',
      listener: s3Listener(context),
      onClientError: s3ClientError,
    });
    servers.push(s3);
    s3Port = s3.port;
    const api = await listen({
      ...shared,
      port: settings.port,
      option: '--port',
      listener: apiListener(context),
    });
    servers.push(api);
    processor.resume();
    const apiUrl = `http://${hostName(settings.host)}:${api.port}`;
    return {
      apiUrl,
      s3Url: s3Origin(settings, s3.port, null),
      data: store.folder,
      environment: { EBILL_BASE_URL: apiUrl, ...authEnvironment(settings.auth) },
      requests: log.records,
      addFault: (spec) => faults.add(spec),
      snapshot: () => snapshotOf(store.state, settings),
      waitForIdle: () => processor.idle(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** When the sandbox listens on all interfaces, clients reach S3 where they reached the API: at their Host header. */
function s3Origin(settings: Settings, port: number, request: IncomingMessage | null): string {
  if (settings.publicS3Url !== null) return settings.publicS3Url;
  const everywhere = settings.host === '0.0.0.0' || settings.host === '::';
  const asked = everywhere ? /^(\[[^\]]+\]|[^:]+)/.exec(request?.headers.host ?? '')?.[1] : undefined;
  return `http://${asked ?? hostName(settings.host)}:${port}`;
}

/** The host as in a URL; a wildcard address is reached on loopback. */
function hostName(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The command-line option of the port, for errors. */
  readonly option: string;
  readonly listener: RequestListener;
  readonly onConnection: (socket: Socket) => void;
  readonly onClientError?: (error: Error, socket: Socket) => void;
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws EbillError USAGE when the port cannot be used */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { host, port, option } = options;
  // A big upload may take hours, and an idle connection must not close just as a client reuses it.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 75_000 }, options.listener);
  // Node's own answer to `Expect` would ask for the body before the request is checked.
  server.on('checkContinue', options.listener);
  server.on('connection', options.onConnection);
  if (options.onClientError) {
    const { onClientError } = options;
    server.on('clientError', (error, socket) => onClientError(error, socket as Socket));
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((error: unknown) => {
    const why = errnoOf(error) === 'EADDRINUSE' ? 'the port is in use' : messageOf(error);
    throw new EbillError('USAGE', `The sandbox cannot listen on ${host} port ${port}: ${why}`, {
      hint: `Choose another ${option}, or leave it out to use a free one.`,
      cause: error,
    });
  });
  return { port: portOf(server), close: () => closeServer(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Requests that hang by a fault would keep it open.
    server.closeAllConnections();
  });
}
