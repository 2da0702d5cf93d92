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
  /** Opens connections to an origin that a request will be sent to. Failures are left to that request. */
  open(origin: string, count: number): void;
}

/** @param closed ends those that no request took */
export function connectionsAhead(make: Connector, closed: AbortSignal): ConnectionsAhead {
  /** The oldest first; `null` where it failed, or was closed meanwhile. */
  const opened = new Map<string, Ahead[]>();
  const keyOf = ({ protocol, host, hostname }: Parameters<Connector>[0]): string =>
    `${protocol}//${host ?? hostname}`;
  return {
    connect: (options, callback) => {
      const ahead = opened.get(keyOf(options))?.shift();
      if (ahead === undefined) make(options, callback);
      else
        ahead.take((socket) => {
          if (socket === null) make(options, callback);
          else callback(null, socket);
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
        make(options, (error, socket) => ahead.ended(error === null ? socket : null));
      }
    },
  };
}

/** One connection, being opened or waiting for its request. */
class Ahead {
  readonly #closed: AbortSignal;
  readonly #forget: () => void;
  /** `undefined`: it is being opened. */
  #socket: Socket | null | undefined;
  #timer: NodeJS.Timeout | undefined;
  #taker: ((socket: Socket | null) => void) | null = null;

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

  ended(socket: Socket | null): void {
    if (this.#closed.aborted) {
      socket?.destroy();
      this.#taker?.(null);
    } else if (this.#taker !== null) {
      this.#closed.removeEventListener('abort', this.#drop);
      this.#taker(socket);
    } else if (socket === null) {
      this.#socket = null;
      this.#drop();
    } else {
      this.#socket = socket;
      // Nothing else listens, and an unused connection keeps no process alive.
      socket.on('error', this.#ignore).once('close', this.#drop).once('end', this.#drop).unref();
      this.#timer = setTimeout(this.#drop, KEPT_MS).unref();
    }
  }

  /** Gives the connection to a request, once it is opened; `null`: there is none. */
  take(taker: (socket: Socket | null) => void): void {
    if (this.#socket === undefined) {
      this.#taker = taker;
      return;
    }
    const socket = this.#release();
    if (socket === null || socket.destroyed) taker(null);
    else taker(socket.ref());
  }

  #release(): Socket | null {
    clearTimeout(this.#timer);
    this.#closed.removeEventListener('abort', this.#drop);
    const socket = this.#socket ?? null;
    socket?.off('error', this.#ignore).off('close', this.#drop).off('end', this.#drop);
    return socket;
  }
}
