import { StringDecoder } from 'node:string_decoder';
import type { OutputStream } from '../system/context.ts';
import { visible } from '../system/escaping.ts';
import { HIDDEN, redactShapes } from './shapes.ts';

declare const redacted: unique symbol;
/** A value that has passed the redactor. Only such text may be written to files that remain. */
export type Redacted<T = string> = T & { readonly [redacted]: true };

/** Shorter values are never hidden by value: they would occur by chance in every text. */
const SHORTEST = 4;
/** From this length on a value is hidden in the program's own words too. */
const STRONG = 8;
/** Characters of a secret before a `…` that are enough to hide it. */
const SHORTEST_PREFIX = 4;
const ELLIPSIS = '…';
/** A longer secret would make an expression that is too large for the engine. */
const LONGEST_PATTERN = 1000;
/** Characters of such a secret that are looked for; what follows them is hidden with them, to the next blank or quote. */
const LONG_START = 64;
const LONG_REST = String.raw`[^\s"'<>]*`;
const SIGNATURE =
  /[?&;](?:X-(?:Amz|Goog)-(?:Signature|Security-Token)|Signature|sig)=([^&#\s"'<>]{16}[^&#\s"'<>]*)/gi;
/** At most this many signatures that are not hexadecimal are known by value: each slows every call. */
const MAX_SIGNATURES = 500;

/**
 * Hides values known to be secret in this process, and, in text from outside, what has the shape of a secret (commands
 * rule 4).
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  /** The usual forms of all secrets, and of the strong ones. */
  readonly #forms = new Set<string>();
  readonly #strongForms = new Set<string>();
  /** Hexadecimal, in lower case. */
  readonly #signatures = new Set<string>();
  /** The usual forms of secrets that are too long for a pattern of all of it. */
  readonly #longForms = new Set<string>();
  #pattern: RegExp | null = null;
  #strongPattern: RegExp | null = null;
  /** `--show-urls`: presigned URLs may pass to stdout. */
  showsUrls = false;

  /** Adds a secret: a password, a token, a signature. */
  add(secret: string): void {
    if (secret.length < SHORTEST || this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    for (const form of formsOf(secret)) {
      this.#forms.add(form);
      if (isStrong(secret)) this.#strongForms.add(form);
      if (secret.length > LONGEST_PATTERN) this.#longForms.add(form);
    }
    this.#pattern = patternOfAny([...this.#secrets]);
    this.#strongPattern = patternOfAny([...this.#secrets].filter(isStrong));
  }

  /** Adds the signatures of the presigned URLs in a text: an error message may repeat one without its URL. */
  addSigned(text: string): void {
    for (const [, value = ''] of text.matchAll(SIGNATURE)) {
      if (/^[0-9a-f]+$/i.test(value)) this.#signatures.add(value.toLowerCase());
      else if (this.#secrets.size < MAX_SIGNATURES) this.add(value);
    }
  }

  /** For text from outside, where it comes in: hides known secrets and everything that has the shape of one. */
  clean(text: string): Redacted {
    return redactShapes(this.hide(text)) as Redacted;
  }

  /** For every value that is shown or kept: hides known secrets. Names of files and the program's own words stay. */
  hide(text: string): Redacted {
    const known = this.#withoutKnown(text, this.#pattern);
    return this.#withoutSignatures(this.#withoutPrefixes(known)) as Redacted;
  }

  /**
   * For a whole output, most of it the program's own words: hides known secrets that are no common words.
   * @param urls whether presigned URLs are hidden
   */
  sweep(text: string, urls = true): Redacted {
    const known = this.#withoutKnown(text, this.#strongPattern);
    return (urls ? this.#withoutSignatures(known) : known) as Redacted;
  }

  /** The number of characters at the end of the text that may be the start of a strong secret. */
  pending(text: string): number {
    let most = 0;
    for (const form of this.#strongForms) most = Math.max(most, overlap(text, form, 1));
    return most;
  }

  #withoutKnown(text: string, pattern: RegExp | null): string {
    if (pattern === null) return text;
    let rest = text;
    for (const form of this.#longForms) rest = rest.replaceAll(form, HIDDEN);
    return rest.replace(pattern, HIDDEN);
  }

  #withoutSignatures(text: string): string {
    if (this.#signatures.size === 0) return text;
    return text.replace(/[0-9a-f]{16}[0-9a-f]*/gi, (hex) =>
      this.#signatures.has(hex.toLowerCase()) ? HIDDEN : hex,
    );
  }

  /** Long messages are cut with `…`; hides what is left of a secret there. */
  #withoutPrefixes(text: string): string {
    if (this.#pattern === null || !text.includes(ELLIPSIS)) return text;
    const parts = text.split(ELLIPSIS);
    const last = parts.pop() ?? '';
    return [...parts.map((part) => this.#withoutPrefix(part)), last].join(ELLIPSIS);
  }

  #withoutPrefix(text: string): string {
    let most = 0;
    for (const form of this.#forms) most = Math.max(most, overlap(text, form, SHORTEST_PREFIX));
    return most === 0 ? text : `${text.slice(0, -most)}${HIDDEN}`;
  }
}

/** Not a word or number that the program itself may print. */
const isStrong = (secret: string): boolean => secret.length >= STRONG && !/^\d+$/.test(secret);

/** The length of the longest end of `text` that is a proper prefix of `form`; 0 when shorter than `least`. */
function overlap(text: string, form: string, least: number): number {
  for (let length = Math.min(text.length, form.length - 1); length >= least; length -= 1) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/** Longest first: where one secret contains another, nothing of the longer one may remain. */
function patternOfAny(secrets: readonly string[]): RegExp | null {
  if (secrets.length === 0) return null;
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(patternOf).join('|'), 'g');
}

/** The source of a pattern for a secret in any form, mixed forms included. */
function patternOf(secret: string): string {
  if (secret.length <= LONGEST_PATTERN) return wholePattern(secret);
  const start = (form: string): string => form.slice(0, LONG_START).replace(/[\ud800-\udbff]$/, '');
  const starts = [wholePattern(start(secret)), ...encodings(secret).map((form) => literally(start(form)))];
  return `(?:${starts.join('|')})${LONG_REST}`;
}

function wholePattern(secret: string): string {
  // Messages are printed on one line: a run of white space may have become one space.
  const parts = secret.split(/(\s+)/u).map((part) => {
    const exact = [...part].map(inAnyForm).join('');
    return /^\s/u.test(part) ? `(?:${exact}|\\s{1,9})` : exact;
  });
  return [parts.join(''), ...encodings(secret).map(literally)].join('|');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/** A character as it is, or as a URL, a form, JSON (also within JSON), XML, HTML or a shell writes it. */
function inAnyForm(char: string): string {
  if (/[A-Za-z0-9]/.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  const units = [...Array(char.length).keys()].map((i) => char.charCodeAt(i));
  const bytes = [...Buffer.from(char)];
  const forms = [
    `\\\\{0,7}${literally(char)}`,
    bytes.map((byte) => `%(?:25)?${hex(byte).padStart(2, '0')}`).join(''),
    units.map((unit) => `\\\\{1,3}u0{0,3}${hex(unit)}`).join(''),
    `&(?:amp;)?#(?:0{0,4}${code}|[xX]0{0,4}${hex(code)});`,
  ];
  if (ENTITIES[char] !== undefined) forms.push(`&(?:amp;)?${ENTITIES[char]};`);
  if (char === ' ') forms.push('\\+');
  if (char === "'" || char === '\\') forms.push(`'\\\\${literally(char)}'`);
  return `(?:${forms.join('|')})`;
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const hex = (number: number): string =>
  number.toString(16).replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

/** The secret in its usual forms, to recognise the start of one. */
function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const xml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const url = encodeURIComponent(secret.replace(/\p{Cs}/gu, '\ufffd'));
  return distinct([secret, url, json, xml, ...encodings(secret)]);
}

/** Base64 without padding, plain and for URLs, and the secret as a terminal shows it. */
function encodings(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  const shown = visible(secret);
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_');
  return distinct([base64, urlSafe, ...(shown === secret ? [] : [shown])]);
}

const distinct = (forms: readonly string[]): readonly string[] =>
  [...new Set(forms)].filter((form) => form.length >= SHORTEST);

/** Ms a possible start of a secret is held back on a terminal, where a key typed at a prompt must be seen. */
const HOLD_MS = 50;

interface RedactedStream {
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
