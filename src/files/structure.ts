import { type FieldSink, MAX_KEPT, SelectedValues, splitFields } from './field-values.ts';
import { displayValue, type FindingList, finding, plural } from './findings.ts';
import type { JoinedFiles } from './joined-files.ts';
import type { RecordBatch } from './scan-kernel.ts';

/** What the scanner knows of a record at its end. */
interface ScannedRecord {
  /** The line it begins on. */
  readonly line: number;
  readonly fields: number;
  /** Its last column with a value, 0 for none. */
  readonly lastFilled: number;
  /** Selected values found in the current block. */
  readonly found: number;
  /** True if a quote was left open. */
  readonly open: boolean;
}

/**
 * Handles the ends of records that need a closer look: the header, a record with more filled columns than any before, a
 * ragged one, one divided by a block's end, the first after blank lines, the last of a file. Most records need none.
 */
export class RecordEnds {
  readonly shape = new TableShape();
  readonly header = new HeaderRecord();
  readonly values = new SelectedValues();
  readonly #findings: FindingList;
  readonly #sink: FieldSink | undefined;
  readonly #joined: JoinedFiles;
  #width = 0;

  constructor(findings: FindingList, sink: FieldSink | undefined, joined: JoinedFiles) {
    this.#findings = findings;
    this.#sink = sink;
    this.#joined = joined;
  }

  /** Fields of the header; 0 until it is read. */
  get width(): number {
    return this.#width;
  }

  /** @param end where the header ends in this block */
  endHeader({ line, fields, open }: ScannedRecord, block: Uint8Array, end: number): void {
    this.header.keep(block, end);
    this.#width = fields;
    const bytes = this.header.end(line, open, this.#findings);
    if (bytes !== undefined) this.#joined.setHeader(bytes, fields);
    const readable = bytes !== undefined;
    if (readable && this.#sink !== undefined) this.#select(this.#sink.header(this.header.names, line));
  }

  /** Forgets the values of a record that is none. */
  dropRecord(): void {
    this.values.clear();
  }

  /** @param explained the record's faults are reported already */
  endRecord(
    { line, fields, lastFilled, found, open }: ScannedRecord,
    block: Uint8Array,
    explained: boolean,
  ): void {
    const { values } = this;
    const width = this.#width;
    if (fields === width) this.shape.record(line, lastFilled);
    else if (!open && !explained)
      this.#findings.error('ragged', () =>
        finding(
          'ragged',
          { line },
          `the record has ${plural(fields, 'field')}, the header ${width}`,
          fields > width
            ? 'Put a value that contains a comma in double quotes, or remove the extra comma.'
            : 'Add the missing fields (an empty field still needs its comma). Put a value that contains a line break in double quotes.',
        ),
      );
    if (values.none) return;
    const whole = fields === width && !open;
    if (!values.carried) {
      this.deliver(line, whole, block, values.bounds);
      return;
    }
    values.keep(block, found, -1);
    const { tooLong } = values;
    if (tooLong && !open)
      this.#findings.warning(
        finding(
          'long-record',
          { line },
          `a key of the record is longer than ${MAX_KEPT} bytes, too long to compare`,
          'Look for a quote that is opened in this record and closed many lines later.',
        ),
      );
    this.deliver(line, whole && !tooLong, values.bytes, values.keptBounds);
    values.clear();
  }

  /** Passes a record's selected values to the sink. @returns true if the sink selected other columns */
  deliver(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): boolean {
    const columns = this.#sink?.record(line, whole, bytes, bounds);
    if (columns === undefined) return false;
    this.#select(columns);
    return true;
  }

  /** Passes on many whole records at once. @returns false if the sink takes them one by one */
  deliverAll(records: RecordBatch): boolean {
    return this.#sink?.batch?.(records) === true;
  }

  #select(columns: readonly number[]): void {
    this.values.select(columns, (column) => this.#sink?.needsWhole?.(column) ?? true);
  }
}

/** How often something occurs, and the line where it occurs first. */
export interface Occurrences {
  readonly line: number;
  count: number;
}

/** Facts about all records of a file that need no values: which columns are filled. */
export class TableShape {
  #lastFilled = 0;
  #empty: Occurrences | undefined;

  /** The last column (from 1) with a value in any record but the header. */
  get lastFilled(): number {
    return this.#lastFilled;
  }

  /** Records in which every field is empty. */
  get empty(): Readonly<Occurrences> | undefined {
    return this.#empty;
  }

  /** Adds a record of the right width. @param lastFilled its last column with a value, 0 for none */
  record(line: number, lastFilled: number): void {
    if (lastFilled > this.#lastFilled) this.#lastFilled = lastFilled;
    if (lastFilled > 0) return;
    if (this.#empty === undefined) this.#empty = { line, count: 1 };
    else this.#empty.count += 1;
  }
}

/** Limit in bytes: a longer first record is not a header, and memory must stay flat. */
const HEADER_LIMIT = 1 << 20;

/** Collects the header's bytes. The header begins in the first block, so its part of any block begins at 0. */
class HeaderRecord {
  #pieces: Buffer[] = [];
  #length = 0;
  #names: readonly string[] = [];

  /** Column names; empty until `end`, and when the header cannot be read. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Keeps the header's part of this block, up to `end`. */
  keep(block: Uint8Array, end: number): void {
    const room = HEADER_LIMIT - this.#length;
    if (room > 0) this.#pieces.push(Buffer.from(block.subarray(0, Math.min(end, room))));
    this.#length += end;
  }

  /**
   * Reads and checks the complete header.
   * @param line the line it begins on
   * @param open a quote was left open
   * @returns its bytes; `undefined` if its columns cannot be selected
   */
  end(line: number, open: boolean, findings: FindingList): Uint8Array | undefined {
    const pieces = this.#pieces;
    this.#pieces = [];
    const tooLong = this.#length > HEADER_LIMIT;
    if (tooLong)
      findings.error('long-header', () =>
        finding(
          'long-header',
          { line },
          `the header is longer than ${HEADER_LIMIT} bytes`,
          'The first record must contain the column names. Check that this is a CSV file and that its lines end with LF or CRLF.',
        ),
      );
    // After an open quote the names would be most of the file, and the open quote is reported anyway.
    if (open || tooLong) return undefined;
    const all = Buffer.concat(pieces);
    const bytes = all.subarray(
      Math.max(
        all.findIndex((byte) => byte !== 10 && byte !== 13),
        0,
      ),
    );
    this.#names = splitFields(bytes.toString('utf8'));
    checkHeader(this.#names, line, findings);
    return bytes;
  }
}

/** Reports unnamed and repeated columns, and a probable other delimiter. */
function checkHeader(names: readonly string[], line: number, findings: FindingList): void {
  const first = new Map<string, number>();
  names.forEach((raw, index) => {
    const name = raw.trim();
    const column = index + 1;
    const before = first.get(name);
    if (name === '')
      findings.error('unnamed-header', () =>
        finding(
          'unnamed-header',
          { line, column },
          `column ${column} of the header has no name`,
          'Name the column, or remove it from every record. A comma at the end of the header adds a column.',
        ),
      );
    else if (before === undefined) first.set(name, column);
    else
      findings.error('repeated-header', () =>
        finding(
          'repeated-header',
          { line, column },
          `the header has "${displayValue(name)}" twice, in columns ${before} and ${column}`,
          'Rename or remove one of the two columns.',
        ),
      );
  });
  const [only = ''] = names.length === 1 ? names : [];
  const delimiter = only.includes('\t') ? 'tabs' : only.includes(';') ? 'semicolons' : null;
  if (delimiter !== null)
    findings.warning(
      finding(
        'delimiter',
        { line },
        `the header is one column that contains ${delimiter}: "${displayValue(only)}"`,
        `CSV fields are separated by commas. If ${delimiter} separate the fields of this file, save it as comma-separated CSV.`,
      ),
    );
}
