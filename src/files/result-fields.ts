import type { RawRecord } from './result-cutter.ts';

/** A result or a file sent with more columns than this is not read: a record of sixteen megabytes may be commas alone. */
export const MOST_COLUMNS = 10_000;

/** The fields of a record (RFC 4180), one more than `MOST_COLUMNS` at most. Bad quotes are text, as for the preflight scanner. */
export function fieldsOf(record: RawRecord): string[] {
  const text = record.bytes.toString('utf8', 0, record.length);
  if (!text.includes('"')) return text.split(',', MOST_COLUMNS + 1);
  const fields: string[] = [];
  for (let at = 0; fields.length <= MOST_COLUMNS; ) {
    let value = '';
    if (text.charAt(at) === '"') {
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        const end = quote < 0 ? text.length : quote;
        value += text.slice(at, end);
        at = end + 1;
        if (quote < 0 || text.charAt(at) !== '"') break;
        value += '"';
        at += 1;
      }
    }
    const comma = text.indexOf(',', at);
    if (comma < 0) {
      fields.push(value + text.slice(at));
      return fields;
    }
    fields.push(value + text.slice(at, comma));
    at = comma + 1;
  }
  return fields;
}

/** The text in memory of its own. A field is a piece of its record to the engine: who keeps one keeps the whole record. */
export const ownCopy = (field: string): string => Buffer.from(field, 'utf16le').toString('utf16le');
