import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { type Answer, apiError, s3Error } from './answer.ts';
import type { Call, Kind, Side } from './calls.ts';
import { type Delivery, instead, mangle, sizeOf } from './fault-effects.ts';
import type { FaultAction } from './fault-spec.ts';
import type { House } from './house.ts';
import { type OpenRecord, requestIdOf } from './request-log.ts';

/** A request understood far enough to tell which faults are about it. */
export interface Incoming {
  readonly call: Call;
  readonly kind: Kind | null;
  readonly jobId: string | null;
  readonly batchId: string | null;
  /** Does it: sets `record.effect` the moment something changed. `fault` is for the actions only the doer can do. */
  perform(fault: FaultAction | null): Promise<Answer | 'reset'>;
}

/** The request ended before it was complete; `status` is what the connection was told before it closed, if anything. */
export class ClientGone extends Error {
  readonly status: number | null;

  constructor(status: number | null) {
    super('The client went away');
    this.status = status;
  }
}

/** Starts one exchange; the house knows of it until it is over, so that closing can wait for it. */
export function startExchange(...parts: Parameters<typeof exchange>): void {
  const [house, , request] = parts;
  // What fails past an answer (a full disk under the log) must end this connection, not the sandbox.
  const running = exchange(...parts).catch(() => request.socket.destroy());
  house.running.add(running);
  void running.finally(() => house.running.delete(running));
}

/** One request from arrival to its last byte: identify, fault, effect, log, answer. */
async function exchange(
  house: House,
  side: Side,
  request: IncomingMessage,
  response: ServerResponse,
  identify: (record: OpenRecord) => Promise<Incoming>,
): Promise<void> {
  const record = house.log.open(request, side);
  const requestId = requestIdOf(record);
  // By the sandbox's own clock, as all it says.
  response.setHeader('date', new Date(house.settings.now()).toUTCString());
  let delivery: Delivery;
  let waitMs = house.settings.latencyMs;
  try {
    const incoming = await identify(record);
    record.call = incoming.call;
    record.jobId = incoming.jobId;
    record.batchId = incoming.batchId;
    const fault = house.faults.take(incoming.call, incoming.kind, incoming.jobId);
    record.fault = fault?.text ?? null;
    const action = fault?.action ?? null;
    if (action?.type === 'slow') waitMs += action.ms;
    delivery = (action && instead(action, side, requestId)) ?? (await performed(incoming, action));
  } catch (error) {
    if (error instanceof ClientGone) {
      record.status = error.status;
      house.log.close(record);
      return;
    }
    const text = `The sandbox itself failed: ${messageOf(error)}`;
    const answer =
      side === 'api'
        ? apiError(500, text)
        : s3Error({ status: 500, code: 'InternalError', message: text }, requestId);
    delivery = { how: 'send', answer };
  }
  if (waitMs > 0) await delay(waitMs, undefined, { signal: house.closing }).catch(() => {});
  if ('answer' in delivery) record.status = delivery.answer.status;
  house.log.close(record);
  await deliver(request, response, delivery);

  async function performed(incoming: Incoming, action: FaultAction | null): Promise<Delivery> {
    const answer = await incoming.perform(action);
    if (answer === 'reset') return { how: 'reset' };
    return action ? mangle(action, answer, side, requestId) : { how: 'send', answer };
  }
}

async function deliver(
  request: IncomingMessage,
  response: ServerResponse,
  delivery: Delivery,
): Promise<void> {
  if (delivery.how === 'hang') return;
  if (delivery.how === 'reset') {
    // A reset on purpose, not a tidy end: what a dying server or balancer looks like.
    request.socket.resetAndDestroy();
    return;
  }
  if (response.destroyed) return;
  const { answer } = delivery;
  // What is left of the request is read and dropped, so that the connection stays usable and no answer gets lost.
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

/** Writes the first `bytes` of the body, then closes the connection once they have left. */
async function cutShort(response: ServerResponse, answer: Answer, bytes: number): Promise<void> {
  response.flushHeaders();
  if (Buffer.isBuffer(answer.body)) {
    if (bytes > 0) response.write(answer.body.subarray(0, bytes));
  } else if (bytes > 0) {
    const file = createReadStream(answer.body.path, { end: bytes - 1 });
    await pipeline(file, response, { end: false }).catch(() => {});
  }
  // Node gathers a response's first writes until the next tick: only then are they the socket's to flush.
  setImmediate(() => response.socket?.destroySoon());
}
