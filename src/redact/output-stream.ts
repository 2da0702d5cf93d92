import { StringDecoder } from 'node:string_decoder';
import type { OutputStream } from '../system/context.ts';
import type { Redactor } from './redactor.ts';

/** ms the beginning of a secret is held back on a terminal, where a letter typed at a prompt must show. */
const LAG_MS = 50;

/** A stream behind the redactor, and how what it holds back gets out at the end. */
export interface RedactedStream {
  readonly stream: OutputStream;
  flush(): void;
}

/**
 * The last gate before a terminal or a pipe: whatever is written to the stream passes the redactor, however it came there
 * and in however many pieces. What ends as a known secret begins waits for the rest of it.
 * @param urls may presigned URLs not pass?
 */
export function redactedStream(
  stream: OutputStream,
  redactor: Redactor,
  urls: () => boolean = () => true,
): RedactedStream {
  const decoder = new StringDecoder('utf8');
  let held = '';
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const rest = held;
    held = '';
    if (rest !== '') stream.write(redactor.sweep(rest, urls()));
  };
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const text = held + (typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)));
    // A secret may end where the pieces meet: all that is known is hidden before anything is held back.
    const hidden = redactor.sweep(text, urls());
    const kept = redactor.pending(hidden);
    held = kept === 0 ? '' : hidden.slice(-kept);
    if (held !== '' && stream.isTTY === true) timer = setTimeout(flush, LAG_MS).unref();
    return stream.write(kept === 0 ? hidden : hidden.slice(0, -kept), done);
  };
  const gate = new Proxy(stream, {
    get(target, key) {
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { stream: gate, flush };
}
