/** Code that reads text of strangers. */
export interface Target {
  /** The first inputs. */
  readonly seeds: readonly string[];
  /** Tokens of the language, which mutations insert. */
  readonly dictionary: readonly string[];
  /** @throws when the input breaks a promise */
  run(bytes: Buffer): void;
}

/** What no text of ours may contain: control characters, bidi controls, BOM. Line feeds are layout. */
export const RAW =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

export function hold(condition: boolean, promise: string): void {
  if (!condition) throw new Error(`broken promise: ${promise}`);
}

export const expectEqual = (a: unknown, b: unknown, promise: string): void =>
  hold(JSON.stringify(a) === JSON.stringify(b), promise);

export const expectIntactPrototype = (): void =>
  hold(Object.keys(Object.prototype).length === 0, 'Object.prototype is unchanged');

/** @returns what `act` returns; `undefined` when it throws an error with one of `codes` */
export function expectError<T>(act: () => T, codes: readonly string[]): T | undefined {
  try {
    return act();
  } catch (error) {
    const { code = '', message, hint = '' } = error as Error & { code?: string; hint?: string };
    if (!codes.includes(code)) throw error;
    hold(!RAW.test(message) && !RAW.test(hint), 'an error has no control characters');
    return undefined;
  }
}

/** Cuts the input into pieces whose sizes depend on its bytes only; the first has three bytes at least, for a BOM. */
export function pieces(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let size = 3 + ((bytes[0] ?? 0) % 7);
  for (let from = 0; from < bytes.length; from += size, size = 1 + ((size * 31 + (bytes[from] ?? 0)) % 97))
    found.push(Buffer.from(bytes.subarray(from, from + size)));
  return found;
}
