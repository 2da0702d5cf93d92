import { formsOf, patternOf } from './forms.ts';
import { HIDDEN, hideStrictShapes, redactShapes } from './shapes.ts';

declare const redacted: unique symbol;
/** What has been through the redactor, and alone may be written where it stays. */
export type Redacted<T = string> = T & { readonly [redacted]: true };

/** Shorter ones are left to the shapes, else every text would be holes. */
const SHORTEST = 4;
const STRONG = 8;
/** A cut text's last words are held against the beginnings of secrets, from so many characters on. */
const BEGINNING = 4;
const ELLIPSIS = '…';
const SIGNATURE = /[?&;](?:X-(?:Amz|Goog)-(?:Signature|Security-Token)|Signature|sig)=([^&#\s"'<>]{16,})/gi;
/** Of signatures that are not in hex, so many are known by value; each costs time in every text. */
const MANY = 500;

/**
 * Values known to be secret in this process; anything equal to one is hidden wherever it would be shown. Two strengths:
 * `clean` for each value that is put into a text, and `sweep` for whole outputs, behind all of it (redacted-stream.ts).
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  /** Their usual forms. */
  readonly #known = new Set<string>();
  readonly #strong = new Set<string>();
  readonly #signatures = new Set<string>();
  #pattern: RegExp | null = null;
  #strongPattern: RegExp | null = null;
  /** `--show-urls`: stdout may carry presigned URLs whole; all else stays hidden (cli.md, promise 4). */
  showsUrls = false;

  /** Remember a secret: a password, a token, a signature. */
  add(secret: string): void {
    if (secret.length < SHORTEST || this.#secrets.has(secret)) return;
    this.#secrets.add(secret);
    for (const form of formsOf(secret)) {
      this.#known.add(form);
      if (isStrong(secret)) this.#strong.add(form);
    }
    this.#pattern = alternatives([...this.#secrets]);
    this.#strongPattern = alternatives([...this.#secrets].filter(isStrong));
  }

  /** Remember what the presigned URLs in a text are signed with, for it may be named again without them. There may be many. */
  addSigned(text: string): void {
    for (const [, value = ''] of text.matchAll(SIGNATURE)) {
      if (/^[0-9a-f]+$/i.test(value)) this.#signatures.add(value.toLowerCase());
      else if (this.#secrets.size < MANY) this.add(value);
    }
  }

  /** The text with known secrets, authorisation values, userinfo and presigned query values hidden (cli.md, promise 4). */
  clean(text: string): Redacted {
    const known = this.#pattern === null ? text : text.replace(this.#pattern, HIDDEN);
    return redactShapes(this.#withoutSignatures(this.#withoutBeginnings(known))) as Redacted;
  }

  /** A whole output, most of it the program's own words: secrets that are no words, and what is one by its shape alone. */
  sweep(text: string, urls = true): Redacted {
    const known = this.#strongPattern === null ? text : text.replace(this.#strongPattern, HIDDEN);
    return hideStrictShapes(urls ? this.#withoutSignatures(known) : known, urls) as Redacted;
  }

  #withoutSignatures(text: string): string {
    if (this.#signatures.size === 0) return text;
    return text.replace(/[0-9a-f]{16,}/gi, (hex) => (this.#signatures.has(hex.toLowerCase()) ? HIDDEN : hex));
  }

  /** How many characters at the end of the text may be the beginning of a known secret, whose rest is still to come. */
  pending(text: string): number {
    let most = 0;
    for (const form of this.#strong) most = Math.max(most, overlap(text, form, 1));
    return most;
  }

  /** Long messages are cut; half a secret at the cut is no known value any more. */
  #withoutBeginnings(text: string): string {
    if (this.#pattern === null || !text.includes(ELLIPSIS)) return text;
    const parts = text.split(ELLIPSIS);
    const last = parts.pop() ?? '';
    return [...parts.map((part) => this.#withoutBeginning(part)), last].join(ELLIPSIS);
  }

  #withoutBeginning(text: string): string {
    let most = 0;
    for (const form of this.#known) most = Math.max(most, overlap(text, form, BEGINNING));
    return most === 0 ? text : `${text.slice(0, -most)}${HIDDEN}`;
  }
}

/** The length of the longest end of `text` that is a beginning of `form`, and not all of it; 0 below `least`. */
function overlap(text: string, form: string, least: number): number {
  for (let length = Math.min(text.length, form.length - 1); length >= least; length -= 1) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/** The longest first: of a secret within a secret, nothing of the outer one may be left. */
function alternatives(secrets: readonly string[]): RegExp | null {
  if (secrets.length === 0) return null;
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(patternOf).join('|'), 'g');
}

/** No word or number that the program itself may have to say. */
const isStrong = (secret: string): boolean => secret.length >= STRONG && !/^\d+$/.test(secret);

export { redactShapes };

/** A URL without its query and userinfo: safe to keep and to show, and enough to know the object again. */
export function addressOf(url: string): string {
  return hideStrictShapes(url.split(/[?#]/, 1)[0] ?? '');
}
