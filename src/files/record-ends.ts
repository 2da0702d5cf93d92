import type { FieldSink } from './field-sink.ts';
import type { FindingList } from './findings.ts';
import { HeaderRecord } from './header-record.ts';
import { longRecord, ragged } from './structure-findings.ts';
import { TableShape } from './table-shape.ts';
import { MOST_KEPT, WantedValues } from './wanted-values.ts';

/** A record as it ends: where it began (line), its fields, the last one with a value, wanted values found in it. */
export interface RecordEnd {
  readonly line: number;
  readonly fields: number;
  readonly full: number;
  readonly found: number;
  /** A quote is left open in it. */
  readonly open: boolean;
}

/**
 * What becomes of a record that needs a closer look when it ends: the header, one further filled than those before, a ragged
 * one, one that a block's end cuts in two, the first one after blank lines, the last one of a file. Most records need none.
 */
export class RecordEnds {
  readonly shape = new TableShape();
  readonly header = new HeaderRecord();
  readonly values = new WantedValues();
  readonly #findings: FindingList;
  readonly #sink: FieldSink | undefined;
  /** Fields of the header, 0 until it is read. */
  #width = 0;

  constructor(findings: FindingList, sink: FieldSink | undefined) {
    this.#findings = findings;
    this.#sink = sink;
  }

  get width(): number {
    return this.#width;
  }

  /** The header ends at `end` in this block. */
  endHeader({ line, fields, open }: RecordEnd, block: Uint8Array, end: number): void {
    this.header.keep(block, end);
    this.#width = fields;
    const readable = this.header.end(line, open, this.#findings);
    if (readable && this.#sink !== undefined) this.values.want(this.#sink.header(this.header.names, line));
  }

  endRecord({ line, fields, full, found, open }: RecordEnd, block: Uint8Array): void {
    const { values } = this;
    const width = this.#width;
    if (fields === width) this.shape.record(line, full);
    else if (!open) this.#findings.error(() => ragged(line, fields, width));
    if (values.none) return;
    const whole = fields === width && !open;
    if (!values.carried) {
      this.give(line, whole, block, values.bounds);
      return;
    }
    values.keep(block, found, -1);
    const { tooLong } = values;
    if (tooLong && !open) this.#findings.error(() => longRecord(line, MOST_KEPT));
    this.give(line, whole && !tooLong, values.bytes, values.keptBounds);
    values.clear();
  }

  /** Gives a record's wanted values to the sink. @returns it wants other columns from now on */
  give(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): boolean {
    const changed = this.#sink?.record(line, whole, bytes, bounds);
    if (changed === undefined) return false;
    this.values.want(changed);
    return true;
  }
}
