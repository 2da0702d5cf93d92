import { detached } from './record-reader.ts';

/** A reason for rejected records, from a result file. */
export interface Reason {
  /** The message of the first such record; empty when it has none. */
  readonly message: string;
  /** The message with `…` for the values in which messages of the same kind differ; the message itself when they are all equal. */
  readonly reason: string;
  /** Some of the values that `…` stands for, each from another record; none when all messages are equal. */
  readonly examples: readonly string[];
  /** Records. */
  readonly count: number;
  /** Line of the first such record in the result file, from 1. */
  readonly line: number;
}

const EXAMPLES = 3;
/** Characters of an example. */
const EXAMPLE_LENGTH = 40;
/** Limits for the different reasons that are counted; each may contain a value, and memory must stay flat. */
const MAX_REASONS = 50_000;
const MAX_CHARACTERS = 10_000_000;
/** Messages are compared up to this many characters. */
const MESSAGE_LENGTH = 10_000;

interface Counted {
  readonly message: string;
  readonly line: number;
  readonly examples: string[];
  count: number;
  /** Whether another message has this reason. */
  differ: boolean;
}

/** Counts the reasons of a result file in bounded memory. */
export class Reasons {
  total = 0;
  readonly #found = new Map<string, Counted>();
  readonly #headerWords: ReadonlySet<string>;
  #characters = 0;

  /** @param header of the result file: a word of a column name in a message is no value */
  constructor(header: readonly string[]) {
    this.#headerWords = new Set(header.flatMap((name) => name.toLowerCase().match(WORDS) ?? []));
  }

  /** @param fields of the record without status and message, whose values a message may quote */
  add(message: string, line: number, fields: readonly string[]): void {
    this.total += 1;
    // The `…` stands right after what may be the start of a secret: the redactor hides that.
    const short = message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH)}…` : message;
    const { reason, value } = reasonOf(short, fields, this.#headerWords);
    const known = this.#found.get(reason);
    if (known === undefined) {
      const size = reason.length + short.length;
      if (this.#found.size >= MAX_REASONS || this.#characters + size > MAX_CHARACTERS) return;
      this.#characters += size;
      const examples = value === null ? [] : [detached(value)];
      this.#found.set(detached(reason), {
        message: detached(short),
        line,
        examples,
        count: 1,
        differ: false,
      });
      return;
    }
    known.count += 1;
    known.differ ||= known.message !== short;
    if (value !== null && known.examples.length < EXAMPLES && !known.examples.includes(value))
      known.examples.push(detached(value));
  }

  /** @returns the most frequent ones first, and how many records have other reasons */
  list(most: number): { readonly reasons: readonly Reason[]; readonly others: number } {
    const reasons = [...this.#found]
      .map(([reason, { message, line, examples, count, differ }]) => ({
        message,
        reason: differ ? reason : message,
        examples: differ ? examples : [],
        count,
        line,
      }))
      .sort((a, b) => b.count - a.count || a.line - b.line)
      .slice(0, most);
    return { reasons, others: this.total - reasons.reduce((sum, reason) => sum + reason.count, 0) };
  }
}

const WORDS = /[\p{L}\p{N}]+/gu;
/** What is quoted, and words. */
const VALUES = /"[^"]*"|'[^']*'(?![\p{L}])|`[^`]*`|«[^»]*»|“[^”]*”|[\p{L}\p{N}_./:#@,-]+/gu;

const QUOTED_OR_NUMBER = /^["'`«“]|\p{N}/u;

/**
 * Replaces the values in a message by `…`: those of its own record, quoted ones, and words with a digit.
 * @returns the first of them as `value`, without its quotes
 */
function reasonOf(
  message: string,
  fields: readonly string[],
  headerWords: ReadonlySet<string>,
): { readonly reason: string; readonly value: string | null } {
  let text = message;
  let first: { readonly at: number; readonly value: string } | null = null;
  const replace = (value: string, at: number): string => {
    const bare = value.replace(/^["'`«“]|["'`»”]$|[.,:]+$/gu, '');
    if (bare.trim() !== '' && (first === null || at < first.at))
      first = { at, value: bare.length > EXAMPLE_LENGTH ? `${bare.slice(0, EXAMPLE_LENGTH)}…` : bare };
    // The punctuation after a value is the message's.
    return `…${/[.,:]+$/u.exec(value)?.[0] ?? ''}`;
  };
  for (const field of fields) {
    const value = field.trim();
    // A value that is no more than a word of a column name would hide what the message says.
    if (value.length < 2 || value === message.trim() || headerWords.has(value.toLowerCase())) continue;
    const at = text.indexOf(value);
    if (at >= 0 && isWhole(text, at, value.length))
      text = text.slice(0, at) + replace(value, at) + text.slice(at + value.length);
  }
  text = text.replace(VALUES, (value, at: number) =>
    QUOTED_OR_NUMBER.test(value) ? replace(value, at) : value,
  );
  const found = first as { readonly value: string } | null;
  return { reason: text, value: found?.value ?? null };
}

const isWhole = (text: string, at: number, length: number): boolean =>
  !/[\p{L}\p{N}]/u.test(text.charAt(at - 1)) && !/[\p{L}\p{N}]/u.test(text.charAt(at + length));
