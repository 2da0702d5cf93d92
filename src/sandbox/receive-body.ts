import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientDisconnected, rawStatus } from './request-handler.ts';
import type { OpenRecord } from './request-log.ts';

interface ReceiveOptions {
  readonly path: string;
  /** Bytes per second; `null`: no limit. */
  readonly bandwidth: number | null;
  readonly idleMs: number;
  /** Called when nothing came for `idleMs`; it closes the connection. */
  readonly onIdle: () => void;
  /** Stop and return `null` after this many bytes. */
  readonly stopAfter: number | null;
  /** Store other bytes than arrived, for the `corrupt` fault. */
  readonly corrupt: boolean;
  readonly closing: AbortSignal;
}

export interface Received {
  readonly bytes: number;
  readonly md5: string;
  readonly sha256: string;
}

/** When the next bytes of a connection may be read: the limit applies to a connection across its requests. */
const throttledUntil = new WeakMap<Socket, number>();

/**
 * Streams a body to `path` in constant memory and hashes it. `record` gets the count and hash of the bytes that arrived.
 * @throws ClientDisconnected when the body is incomplete
 */
export async function receiveBody(
  request: IncomingMessage,
  record: OpenRecord,
  reception: ReceiveOptions,
): Promise<Received | null> {
  const file = await open(reception.path, 'wx', 0o600);
  try {
    return await copy(request, record, reception, file);
  } finally {
    await file.close();
  }
}

async function copy(
  request: IncomingMessage,
  record: OpenRecord,
  reception: ReceiveOptions,
  file: FileHandle,
): Promise<Received | null> {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  const arrived = reception.corrupt ? createHash('sha256') : null;
  const writer = new BlockWriter(file);
  let waiting = true;
  // Time spent on our own disk or bandwidth limit does not count as idle.
  const idle = setTimeout(() => (waiting ? reception.onIdle() : idle.refresh()), reception.idleMs);
  try {
    // When we stop early, keep the request open: there may be an answer to send.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) continue;
      waiting = false;
      arrived?.update(chunk);
      if (reception.corrupt && record.bodyBytes === 0) chunk[0] = (chunk[0] ?? 0) ^ 0xff;
      record.bodyBytes += chunk.length;
      if (reception.stopAfter !== null && record.bodyBytes >= reception.stopAfter) return null;
      md5.update(chunk);
      sha256.update(chunk);
      await writer.write(chunk);
      if (reception.bandwidth !== null)
        await throttle(request.socket, chunk.length, reception.bandwidth, reception.closing);
      waiting = true;
      idle.refresh();
    }
  } catch (error) {
    // With the connection intact our own disk failed, which is answered.
    if (!request.destroyed && !request.socket.destroyed) throw error;
    throw new ClientDisconnected(rawStatus(request.socket));
  } finally {
    clearTimeout(idle);
  }
  if (!request.complete) throw new ClientDisconnected(rawStatus(request.socket));
  await writer.finish();
  const stored = sha256.digest('hex');
  record.bodySha256 = arrived?.digest('hex') ?? stored;
  return { bytes: record.bodyBytes, md5: md5.digest('hex'), sha256: stored };
}

/** Delays the next read so that the connection keeps to `rate` bytes per second; TCP slows the sender down. */
async function throttle(socket: Socket, bytes: number, rate: number, closing: AbortSignal): Promise<void> {
  const now = performance.now();
  const until = Math.max(throttledUntil.get(socket) ?? 0, now) + (bytes / rate) * 1000;
  throttledUntil.set(socket, until);
  const wait = until - now;
  // Timers are coarse: carry small delays over.
  if (wait >= 2) await delay(wait, undefined, { signal: closing }).catch(() => {});
}

const BLOCK = 1024 * 1024;

/** Writes chunks to a file in blocks. One block is written while the next one fills: at most two blocks of memory. */
class BlockWriter {
  readonly #file: FileHandle;
  #pending: Buffer[] = [];
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Resolves when there is room for more. @throws the error of an earlier write */
  async write(chunk: Buffer): Promise<void> {
    this.#pending.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= BLOCK) await this.#send();
  }

  async finish(): Promise<void> {
    await this.#send();
    await this.#writing;
  }

  async #send(): Promise<void> {
    await this.#writing;
    const chunks = this.#pending;
    this.#pending = [];
    this.#bytes = 0;
    this.#writing = writeAll(this.#file, chunks);
    // The next caller awaits it; until then an error must not be unhandled.
    this.#writing.catch(() => {});
  }
}

async function writeAll(file: FileHandle, chunks: Buffer[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (total === 0) return;
  let written = (await file.writev(chunks)).bytesWritten;
  if (written === total) return;
  // After a short write (full disk, signal): write the rest, or get the error.
  const rest = Buffer.concat(chunks);
  while (written < total) written += (await file.write(rest, written)).bytesWritten;
}
