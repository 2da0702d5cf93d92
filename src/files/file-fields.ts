import type { CrossFile } from './cross-file.ts';
import type { FieldSink } from './field-sink.ts';
import type { Scars } from './scars.ts';

/** Gives each record of a file to whom it concerns: the look for a spreadsheet's scars, the checks across files. */
export class FileFields implements FieldSink {
  readonly #scars: Scars;
  readonly #cross: CrossFile | undefined;
  #crossed: readonly number[] = [];
  #scarred = true;

  constructor(scars: Scars, cross?: CrossFile) {
    this.#scars = scars;
    this.#cross = cross;
  }

  header(names: readonly string[], line: number): readonly number[] {
    this.#crossed = this.#cross?.header(names, line) ?? [];
    return this.#wanted(this.#scars.header(names));
  }

  record(line: number, whole: boolean, bytes: Uint8Array, bounds: Int32Array): readonly number[] | undefined {
    if (whole && this.#crossed.length > 0) this.#cross?.record(line, bytes, bounds);
    if (!this.#scarred) return undefined;
    const narrowed = this.#scars.record(line, whole, bytes, bounds);
    return narrowed === undefined ? undefined : this.#wanted(narrowed);
  }

  #wanted(scarred: readonly number[]): readonly number[] {
    this.#scarred = scarred.length > 0;
    const all = [...new Set([...scarred, ...this.#crossed])].sort((a, b) => a - b);
    this.#scars.seat(all);
    this.#cross?.seat(all);
    return all;
  }
}
