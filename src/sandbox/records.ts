import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';

/** When a record is accepted. The vendor does not say; these rules are plausible. */
export interface RecordRules {
  /** Name of the key column; the first column where there is none of that name. */
  readonly keyColumn: string;
  /** Whether a key may occur only once. */
  readonly unique: boolean;
  /** The accepted keys; `null`: any. */
  readonly known: ReadonlySet<string> | null;
}

interface RecordsChecked {
  readonly succeeded: number;
  readonly failed: number;
  /** Keys of accepted records; empty unless the rules need them or `collect` is set. */
  readonly accepted: ReadonlySet<string>;
}

export interface CheckOptions {
  /** Gets the result CSV in pieces; `null`: it is not needed. */
  readonly write: ((text: string) => Promise<void>) | null;
  readonly collect: boolean;
  /** What the result says of a loaded and of a rejected record. */
  readonly words: readonly [loaded: string, rejected: string];
  /** Skips this many records at the beginning, as if they had never arrived. */
  readonly lose?: number;
  readonly signal: AbortSignal;
}

const FLUSH = 64 * 1024;

/**
 * Checks each record of a CSV file and writes the result CSV: the input's columns, then `Status` and `Message`. Memory grows
 * only with the keys.
 */
export async function checkRecords(
  path: string,
  rules: RecordRules,
  options: CheckOptions,
): Promise<RecordsChecked> {
  const accepted = new Set<string>();
  let header: readonly string[] | null = null;
  let keyIndex = 0;
  let succeeded = 0;
  let failed = 0;
  let lost = 0;
  let buffer = '';
  for await (const row of csvRows(path, options.signal)) {
    if (header === null) {
      header = 'fields' in row ? row.fields : [];
      keyIndex = Math.max(
        header.findIndex((name) => name.trim() === rules.keyColumn),
        0,
      );
      buffer += csvLine([...header, 'Status', 'Message']);
      if ('fields' in row) continue;
    }
    if (lost < (options.lose ?? 0)) {
      lost += 1;
      continue;
    }
    const message = rejectionOf(row, header.length, keyIndex, rules, accepted);
    if (message === null) succeeded += 1;
    else failed += 1;
    if (message === null && 'fields' in row && (rules.unique || options.collect)) {
      accepted.add(row.fields[keyIndex] ?? '');
    }
    if (options.write === null) continue;
    const fields = 'fields' in row ? row.fields : [];
    // Pad or cut to the header's width, so that Status and Message stay in their columns.
    const columns = header.map((_, index) => fields[index] ?? '');
    buffer += csvLine([...columns, options.words[message === null ? 0 : 1], message ?? '']);
    if (buffer.length >= FLUSH) {
      await options.write(buffer);
      buffer = '';
    }
  }
  if (header === null) buffer += csvLine(['Status', 'Message']);
  await options.write?.(buffer);
  return { succeeded, failed, accepted };
}

function rejectionOf(
  row: Row,
  width: number,
  keyIndex: number,
  rules: RecordRules,
  accepted: ReadonlySet<string>,
): string | null {
  if ('unreadable' in row) return row.unreadable;
  if (row.fields.length !== width) return `Expected ${width} fields, found ${row.fields.length}`;
  const key = row.fields[keyIndex] ?? '';
  if (key.trim() === '') return `${rules.keyColumn} is empty`;
  if (rules.unique && accepted.has(key)) return `${rules.keyColumn} ${key} occurs more than once`;
  if (rules.known && !rules.known.has(key))
    return `${rules.keyColumn} ${key} is not among the accepted invoices`;
  return null;
}

function csvLine(fields: readonly string[]): string {
  const quoted = fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${quoted.join(',')}\r\n`;
}

/** It bounds memory; the API has no such limit, and a longer record is an unclosed quote. */
const MAX_RECORD = 256 * 1024 * 1024;

/** A record, or the reason why the rest of the file is not readable. */
export type Row = { readonly fields: readonly string[] } | { readonly unreadable: string };

/**
 * Streams the rows of a CSV file, header first. A BOM and blank lines at the end are dropped; a blank line elsewhere is a
 * record with one empty field.
 * @throws the signal's reason when it is aborted
 */
async function* csvRows(path: string, signal: AbortSignal): AsyncGenerator<Row> {
  const broken: string[] = [];
  const parser = parse({
    bom: true,
    relax_column_count: true,
    // A stray quote is text; only an unclosed one makes a file unreadable.
    relax_quotes: true,
    max_record_size: MAX_RECORD,
    skip_records_with_error: true,
    on_skip: (error) => {
      broken.push(error?.code ?? 'unknown');
      return undefined;
    },
  });
  const file = createReadStream(path, { signal });
  pipeline(file, parser, () => {});
  let blank = 0;
  for await (const record of parser) {
    const fields = fieldsOf(record);
    if (fields.length === 1 && fields[0] === '') {
      blank += 1;
      continue;
    }
    for (; blank > 0; blank -= 1) yield { fields: [''] };
    yield { fields };
  }
  signal.throwIfAborted();
  if (broken.length > 0) yield { unreadable: `Not readable from here on (${broken[0]})` };
}

function fieldsOf(record: unknown): string[] {
  return Array.isArray(record) ? record.map(String) : [];
}
