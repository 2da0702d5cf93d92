import { createServer as createTcp, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { listening } from './rig.ts';

/** The server's end of one connection: reads only what a test asks for, and answers any bytes at any time. */
export class Peer {
  readonly socket: Socket;
  #parts: Buffer[] = [];
  /** Bytes that have come and were not asked for. */
  unread = 0;
  #length = 0;
  #more = (): void => undefined;
  #isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (part: Buffer) => {
      this.#parts.push(part);
      this.unread += part.length;
      this.#more();
    });
    socket.on('error', () => undefined);
    for (const name of ['end', 'close'] as const)
      socket.on(name, () => {
        this.#isClosed = true;
        this.#more();
      });
    socket.setNoDelay(true).pause();
  }

  /** The head of the next request; rejects when the connection ends before. */
  async head(): Promise<string> {
    await this.#until(() => this.#peek().includes('\r\n\r\n'));
    const head = this.#take(this.#peek().indexOf('\r\n\r\n') + 4).toString('latin1');
    this.#length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    return head;
  }

  /** The request's body, or its first bytes. */
  async body(bytes = this.#length): Promise<Buffer> {
    await this.#until(() => this.unread >= bytes);
    this.#length -= bytes;
    return this.#take(bytes);
  }

  #peek(): Buffer {
    this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  #take(bytes: number): Buffer {
    const all = this.#peek();
    this.#parts = [all.subarray(bytes)];
    this.unread -= bytes;
    return all.subarray(0, bytes);
  }

  send(text: string | Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, () => resolve()));
  }

  /** Closes the connection; with bytes that were not read, the system resets it. */
  drop(): void {
    this.socket.destroy();
  }

  async #until(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      if (this.#isClosed) throw new Error('the connection was closed');
      const more = new Promise<void>((resolve) => {
        this.#more = resolve;
      });
      this.socket.resume();
      await more;
    }
    this.socket.pause();
  }
}

/**
 * A server that plays a script on each connection. A script that ends, or that reads where nothing comes, leaves the
 * connection open.
 */
export async function scripted(
  script: (peer: Peer, connection: number) => Promise<unknown>,
  tls: TlsOptions | null = null,
): Promise<{ readonly origin: string; readonly heads: string[]; readonly connections: () => number }> {
  const heads: string[] = [];
  let connections = 0;
  const serve = (socket: Socket): void => {
    const peer = new Peer(socket);
    const head = peer.head.bind(peer);
    peer.head = async () => {
      const got = await head();
      heads.push(got);
      return got;
    };
    connections += 1;
    script(peer, connections).catch(() => undefined);
  };
  const server = tls === null ? createTcp(serve) : createTls(tls, serve);
  const port = await listening(server);
  return {
    origin: `http${tls === null ? '' : 's'}://127.0.0.1:${port}`,
    heads,
    connections: () => connections,
  };
}
