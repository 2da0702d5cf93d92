import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { bareHost } from './addresses.ts';

type Connector = ReturnType<typeof buildConnector>;

/** ms. A server may close a connection without a request without notice, so none is kept for longer. */
const KEPT_MS = 2_000;

/** Connections that are opened before a request needs them, so that it does not wait for the handshakes. */
export interface ConnectionsAhead {
  /** Takes one that was opened, else makes one. */
  readonly connect: Connector;
  /** Opens connections to an origin that a request will be sent to. That request gets the failure of the one it waits for. */
  open(origin: string, count: number): void;
}

/** @param closed ends those that no request took */
export function connectionsAhead(make: Connector, closed: AbortSignal): ConnectionsAhead {
  /** The oldest first. */
  const opened = new Map<string, Ahead[]>();
  const keyOf = ({ protocol, host, hostname }: Parameters<Connector>[0]): string =>
    `${protocol}//${host ?? hostname}`;
  return {
    connect: (options, callback) => {
      const ahead = opened.get(keyOf(options))?.shift();
      if (ahead === undefined) make(options, callback);
      else
        ahead.take((result) => {
          if (result === null) make(options, callback);
          else callback(...result);
        });
    },
    open: (origin, count) => {
      const { protocol, hostname, host, port } = new URL(origin);
      const options = { protocol, hostname: bareHost(hostname), host, port };
      const key = keyOf(options);
      const list = opened.get(key) ?? [];
      opened.set(key, list);
      for (let i = 0; i < count && !closed.aborted; i += 1) {
        const ahead = new Ahead(closed, () => {
          const at = list.indexOf(ahead);
          if (at >= 0) list.splice(at, 1);
        });
        list.push(ahead);
        make(options, (...result) => ahead.ended(result));
      }
    },
  };
}

type Result = Parameters<Parameters<Connector>[1]>;
/** Gets the connection, or why there is none; `null`: it was closed before it was taken. */
type Taker = (result: Result | null) => void;

/** One connection, being opened or waiting for its request. */
class Ahead {
  readonly #closed: AbortSignal;
  readonly #forget: () => void;
  /** `undefined`: it is being opened. */
  #socket: Socket | null | undefined;
  #timer: NodeJS.Timeout | undefined;
  #taker: Taker | null = null;

  constructor(closed: AbortSignal, forget: () => void) {
    this.#closed = closed;
    this.#forget = forget;
    closed.addEventListener('abort', this.#drop, { once: true });
  }

  /** Arrow functions: they are listeners, too. */
  readonly #drop = (): void => {
    this.#forget();
    this.#release()?.destroy();
  };
  readonly #ignore = (): void => undefined;

  /** A request that waits does not try once more: no call may last longer than the settle time allows for (api rule 17). */
  ended(result: Result): void {
    const [error, socket] = result;
    if (this.#taker !== null) {
      this.#closed.removeEventListener('abort', this.#drop);
      this.#taker(result);
    } else if (this.#closed.aborted) {
      socket?.destroy();
    } else if (error !== null) {
      this.#socket = null;
      this.#drop();
    } else {
      this.#socket = socket;
      // Nothing else listens, and an unused connection keeps no process alive.
      socket.on('error', this.#ignore).once('close', this.#drop).once('end', this.#drop).unref();
      this.#timer = setTimeout(this.#drop, KEPT_MS).unref();
    }
  }

  take(taker: Taker): void {
    if (this.#socket === undefined) {
      this.#taker = taker;
      return;
    }
    const socket = this.#release();
    if (socket === null || socket.destroyed) taker(null);
    else taker([null, socket.ref()]);
  }

  #release(): Socket | null {
    clearTimeout(this.#timer);
    this.#closed.removeEventListener('abort', this.#drop);
    const socket = this.#socket ?? null;
    socket?.off('error', this.#ignore).off('close', this.#drop).off('end', this.#drop);
    return socket;
  }
}
