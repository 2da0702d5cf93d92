import type { Redacted, Redactor } from '../redact/redactor.ts';
import { escaped, UNSAFE } from '../system/escaping.ts';

const SHORT: Readonly<Record<string, string>> = {
  b: '\\u0008',
  t: '\\u0009',
  n: '\\u000a',
  f: '\\u000c',
  r: '\\u000d',
};

/**
 * JSON with every control and bidi character as `\uXXXX` (commands rule 24): JSON.stringify leaves U+007F to U+009F and bidi
 * characters raw. It parses to the same value. The only raw control character is the line feed of the indentation.
 * What a CI runner takes for a command anywhere in a log is escaped too (`withoutCommands`).
 */
export function safeJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent)
    .replace(/\\(.)/g, (pair, letter: string) => SHORT[letter] ?? pair)
    .replace(/##(?=[^\s[\]]{0,40}\[)/g, '#\\u0023')
    .replace(/(section)_(start|end):/gi, '$1\\u005f$2:')
    .replace(UNSAFE, (char) => (char === '\n' ? char : escaped(char)));
}

/** A copy of plain data with every string cleaned: redacting values cannot break the JSON around them. */
export function cleanStrings(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => cleanStrings(item, clean));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cleanStrings(item, clean)]));
  }
  return typeof value === 'function' || value === undefined ? null : value;
}

/** A copy of plain data with every string redacted, so that it may be stored. */
export function redactedStrings<T>(value: T, redactor: Pick<Redactor, 'hide'>): Redacted<T> {
  return cleanStrings(value, (text) => redactor.hide(text)) as Redacted<T>;
}

/** Redacted data as JSON. */
export function redactedJson(value: Redacted<unknown>): Redacted {
  return `${JSON.stringify(value, null, 2)}\n` as Redacted;
}

/** One line of `--progress json`. */
export function eventLine(
  now: number,
  event: string,
  fields: Readonly<Record<string, unknown>>,
  clean: (text: string) => string,
): string {
  const cleaned = cleanStrings(fields, clean);
  return safeJson({ time: new Date(now).toISOString(), event, ...(cleaned as Record<string, unknown>) });
}
