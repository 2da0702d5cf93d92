import type { Socket } from 'node:net';

/** ms after a failed write in which an answer can still be read. All of it has usually arrived already. */
const GRACE_MS = 2_000;

/** What a write fails with when the other side takes no more. */
const NOT_TAKEN: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED']);

type Done = (error?: NodeJS.ErrnoException | null) => void;

/**
 * Lets an answer be read that came before its request was sent completely. A server that refuses a large body answers and
 * closes the connection, and the reset makes the next write fail; Node then destroys the socket, with the answer unread.
 * Here a failed write stays pending until the other side's last byte was read.
 */
export function readBeforeReset(socket: Socket): void {
  const held =
    (done: Done): Done =>
    (error) => {
      if (!NOT_TAKEN.has(error?.code) || socket.readableEnded || socket.destroyed) {
        done(error);
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        socket.off('end', end).off('close', end);
        done(error);
      };
      const timer = setTimeout(end, GRACE_MS);
      socket.once('end', end).once('close', end);
    };
  const { _write: write, _writev: writev } = socket;
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, held(done));
  if (writev !== undefined) socket._writev = (chunks, done) => writev.call(socket, chunks, held(done));
}
