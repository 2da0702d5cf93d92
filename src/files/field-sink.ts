/**
 * Who is given the values of some columns, record by record, while a file's structure is read. Columns are 1-based. A value
 * is given as its bytes in the file, quotes and all: `plainValue` reads them.
 */
export interface FieldSink {
  /** The header was read. @returns the columns wanted, ascending */
  header(names: readonly string[], line: number): readonly number[];
  /**
   * A record is over. Bytes and bounds are valid only during the call.
   * @param line where it began, 1-based
   * @param whole it has as many fields as the header, and its quotes are closed; if not, there are no values to be had
   * @param bounds from and up to of each wanted value in `bytes`, in the order of the columns
   * @returns other columns wanted from now on; `undefined`: the same
   */
  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined;
}

const QUOTE = 34;

/** A value's bytes and their bounds. */
export interface Value {
  bytes: Uint8Array;
  from: number;
  to: number;
}

/** Does the field at these bytes mean just them? An empty one does. */
export function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  return from === to || bytes[from] !== QUOTE;
}

/**
 * Makes `value` what the field at these bytes means (RFC 4180, 2.5 to 2.7): without its quotes, doubled quotes once. The
 * bytes are copied only if there are doubled quotes. Text after a closing quote is kept: it is a finding anyhow.
 */
export function plainValue(value: Value, bytes: Uint8Array, from: number, to: number): void {
  value.bytes = bytes;
  value.from = from;
  value.to = to;
  if (isPlain(bytes, from, to)) return;
  const closing = to - 1;
  let i = from + 1;
  while (i < closing && bytes[i] !== QUOTE) i++;
  if (i >= closing) {
    value.from = from + 1;
    value.to = bytes[closing] === QUOTE && closing > from ? closing : to;
    return;
  }
  const copy = new Uint8Array(to - from);
  let length = 0;
  let quoted = true;
  for (let at = from + 1; at < to; at++) {
    const byte = bytes[at] as number;
    if (quoted && byte === QUOTE) {
      if (bytes[at + 1] !== QUOTE || at + 1 === to) {
        quoted = false;
        continue;
      }
      at++;
    }
    copy[length++] = byte;
  }
  value.bytes = copy;
  value.from = 0;
  value.to = length;
}

/** A value as text. */
export function textOfValue({ bytes, from, to }: Value): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}
