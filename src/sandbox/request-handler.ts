import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../errors.ts';
import { type Answer, apiErrorAnswer, s3ErrorAnswer } from './answer.ts';
import { type Delivery, faultResponse, GATEWAY_TIMEOUT, sizeOf, withFault } from './fault-effects.ts';
import type { FaultAction, FaultList } from './faults.ts';
import type { Settings } from './options.ts';
import type { Processor } from './processor.ts';
import { type OpenRecord, type RequestLog, requestIdOf } from './request-log.ts';
import type { Call, Kind, Side } from './state.ts';
import type { Store } from './store.ts';

/** What both servers share. */
export interface ServerContext {
  readonly settings: Settings;
  readonly store: Store;
  readonly log: RequestLog;
  readonly faults: FaultList;
  readonly processor: Processor;
  /** Origin of the S3 side, as the sender of this API request can reach it. */
  s3Origin(request: IncomingMessage): string;
  /** Requests in progress. */
  readonly running: Set<Promise<unknown>>;
  /** Aborted at close, which ends all waits. */
  readonly closing: AbortSignal;
}

/** A request, read far enough to know which faults match it. */
export interface IdentifiedRequest {
  readonly call: Call;
  readonly kind: Kind | null;
  readonly jobId: string | null;
  readonly batchId: string | null;
  /**
   * Executes it, and sets `record.effect` as soon as something changed.
   * @param fault for the actions that change the execution itself
   */
  perform(fault: FaultAction | null): Promise<Answer | 'reset'>;
}

/** The connection closed before the request was complete. `status` was answered on it before, if any. */
export class ClientDisconnected extends Error {
  readonly status: number | null;

  constructor(status: number | null) {
    super('The client disconnected');
    this.status = status;
  }
}

/** Handles a request. It is in `context.running` until its end, so that closing can wait for it. */
export function handleRequest(...parts: Parameters<typeof handle>): void {
  const [context, , request] = parts;
  // A failure outside of the answer (a full disk under the log) must end this connection, not the sandbox.
  const running = handle(...parts).catch(() => request.socket.destroy());
  context.running.add(running);
  void running.finally(() => context.running.delete(running));
}

/** Identifies a request, applies a fault, executes it, logs it, and answers. */
async function handle(
  context: ServerContext,
  side: Side,
  request: IncomingMessage,
  response: ServerResponse,
  identify: (record: OpenRecord) => Promise<IdentifiedRequest>,
): Promise<void> {
  const record = context.log.open(request, side);
  const requestId = requestIdOf(record);
  // All times in answers are by the sandbox's clock.
  const { settings } = context;
  response.setHeader('date', new Date(settings.now()).toUTCString());
  let delivery: Delivery;
  let waitMs = settings.latencyMs;
  try {
    const identified = await identify(record);
    record.call = identified.call;
    record.jobId = identified.jobId;
    record.batchId = identified.batchId;
    const fault = context.faults.take(identified.call, identified.kind, identified.jobId);
    record.fault = fault?.text ?? null;
    const action = fault?.action ?? null;
    if (action?.type === 'slow') waitMs += action.ms;
    if (action?.type === 'gateway') {
      waitMs += action.answerMs;
      inBackground(context, () => perform(identified, action), action.effectMs);
      delivery = GATEWAY_TIMEOUT;
    } else {
      if (action?.type === 'late') {
        await settings.sleep(action.ms, context.closing);
        if (context.closing.aborted) throw new ClientDisconnected(null);
      }
      delivery = (action && faultResponse(action, side, requestId)) ?? (await perform(identified, action));
    }
  } catch (error) {
    if (error instanceof ClientDisconnected) {
      record.status = error.status;
      context.log.close(record);
      return;
    }
    const text = `The sandbox failed: ${messageOf(error)}`;
    const answer =
      side === 'api'
        ? apiErrorAnswer(500, text)
        : s3ErrorAnswer({ status: 500, code: 'InternalError', message: text }, requestId);
    delivery = { how: 'send', answer };
  }
  if (waitMs > 0) await settings.sleep(waitMs, context.closing);
  if ('answer' in delivery) record.status = delivery.answer.status;
  context.log.close(record);
  await deliver(request, response, delivery);

  async function perform(identified: IdentifiedRequest, action: FaultAction | null): Promise<Delivery> {
    const answer = await identified.perform(action);
    if (answer === 'reset') return { how: 'reset' };
    return action ? withFault(action, answer, side, requestId) : { how: 'send', answer };
  }
}

/** Executes a request whose answer does not wait for it. A sandbox that closes before that does not execute it. */
function inBackground(context: ServerContext, work: () => Promise<unknown>, afterMs: number): void {
  const running = context.settings.sleep(afterMs, context.closing).then(async () => {
    if (!context.closing.aborted) await work().catch(() => undefined);
  });
  context.running.add(running);
  void running.finally(() => context.running.delete(running));
}

async function deliver(
  request: IncomingMessage,
  response: ServerResponse,
  delivery: Delivery,
): Promise<void> {
  if (delivery.how === 'hang') return;
  if (delivery.how === 'reset') {
    // A TCP reset, as a crashing server or load balancer sends it.
    request.socket.resetAndDestroy();
    return;
  }
  if (response.destroyed) return;
  const { answer } = delivery;
  // Drain the rest of the request, so that the connection stays usable and the answer arrives.
  request.resume();
  response.on('error', () => {});
  const noBody = answer.status === 204 || answer.status === 304;
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(noBody ? {} : { 'content-length': sizeOf(answer) }),
  });
  if (delivery.how === 'cut') {
    await cutShort(response, answer, delivery.bytes);
    return;
  }
  if (Buffer.isBuffer(answer.body)) {
    response.end(answer.body);
    return;
  }
  if (answer.body.bytes === 0) {
    response.end();
    return;
  }
  const file = createReadStream(answer.body.path, { end: answer.body.bytes - 1 });
  await pipeline(file, response).catch(() => response.destroy());
}

/** Writes the first `bytes` of the body and closes the connection once they are sent. */
async function cutShort(response: ServerResponse, answer: Answer, bytes: number): Promise<void> {
  response.flushHeaders();
  if (Buffer.isBuffer(answer.body)) {
    if (bytes > 0) response.write(answer.body.subarray(0, bytes));
  } else if (bytes > 0) {
    const file = createReadStream(answer.body.path, { end: bytes - 1 });
    await pipeline(file, response, { end: false }).catch(() => {});
  }
  // Node buffers the first writes of a response until the next tick.
  setImmediate(() => response.socket?.destroySoon());
}

const rawStatuses = new WeakMap<Socket, number>();

/**
 * Answers on the socket itself and closes it: for requests that Node has given up (incomplete, malformed, timed out), which
 * have no response object.
 */
export function respondRaw(socket: Socket, answer: Answer): void {
  if (!socket.writable || rawStatuses.has(socket)) return;
  rawStatuses.set(socket, answer.status);
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.alloc(0);
  const headers = { ...answer.headers, 'content-length': String(body.length), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${answer.status} Bad Request\r\n${lines.join('')}\r\n`);
  socket.write(body);
  socket.destroySoon();
}

/** The status that `respondRaw` answered on this connection. */
export function rawStatus(socket: Socket): number | null {
  return rawStatuses.get(socket) ?? null;
}
