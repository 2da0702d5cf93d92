import { StringDecoder } from 'node:string_decoder';
import type { OutputStream } from '../system/context.ts';
import type { Redactor } from './redactor.ts';

/** Ms a possible start of a secret is held back on a terminal, where a key typed at a prompt must be seen. */
const HOLD_MS = 50;

export interface RedactedStream {
  readonly stream: OutputStream;
  /** Writes what is still held back. */
  flush(): void;
}

/**
 * A stream whose every write passes the redactor, in however many pieces a secret arrives: a possible start of one is held
 * back until the rest is there.
 * @param hidesUrls whether presigned URLs are hidden; asked at each write
 */
export function redactedStream(
  stream: OutputStream,
  redactor: Redactor,
  hidesUrls: () => boolean = () => true,
): RedactedStream {
  const decoder = new StringDecoder('utf8');
  let held = '';
  let timer: NodeJS.Timeout | null = null;
  const stopTimer = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const flush = (): void => {
    stopTimer();
    const rest = held;
    held = '';
    if (rest !== '') stream.write(redactor.sweep(rest, hidesUrls()));
  };
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    stopTimer();
    const text = held + (typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)));
    // A secret may span two writes: hide all known ones before anything is held back.
    const hidden = redactor.sweep(text, hidesUrls());
    const pending = redactor.pending(hidden);
    held = pending === 0 ? '' : hidden.slice(-pending);
    if (held !== '' && stream.isTTY === true) timer = setTimeout(flush, HOLD_MS).unref();
    return stream.write(pending === 0 ? hidden : hidden.slice(0, -pending), done);
  };
  const proxy = new Proxy(stream, {
    get(target, key) {
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { stream: proxy, flush };
}
