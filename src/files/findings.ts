import { visible } from '../system/escaping.ts';

/** Something wrong or doubtful in a file: where, what, and what to do about it. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Stable, for scripts: `ragged`, `not-utf8`, `nul`, `open-quote` … */
  readonly code: string;
  /** Line in the file, from 1; `null` for the file as a whole. */
  readonly line: number | null;
  /** Field within the record, from 1; `null` for the record as a whole. */
  readonly column: number | null;
  readonly message: string;
  readonly hint: string;
}

/** A finding before its severity is known. */
export type FindingDetails = Omit<Finding, 'severity'>;

/** A place in a file: the line, and the field within the record. Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** How many findings a file's report shows; the others are counted (commands rule 16). */
const SHOWN_FINDINGS = 10;

/** The findings of one file: ten are kept, all are counted, and memory stays flat. */
export class FindingList {
  readonly #causes: Finding[] = [];
  readonly #errors: Finding[] = [];
  readonly #warnings: Finding[] = [];
  #total = 0;

  /** All findings, including those not kept. */
  get total(): number {
    return this.#total;
  }

  /** Adds an error in one place. `make` is called only if the finding is kept: a file may have a million of them. */
  error(make: () => FindingDetails): void {
    this.#total += 1;
    if (this.#errors.length < SHOWN_FINDINGS) this.#errors.push({ severity: 'error', ...make() });
  }

  /** Adds an error that explains others (a wrong encoding, an open quote). It is always shown. */
  cause(finding: FindingDetails): void {
    this.#total += 1;
    this.#causes.push({ severity: 'error', ...finding });
  }

  /** Adds a warning: a warning alone does not stop a file. */
  warning(finding: FindingDetails): void {
    this.#total += 1;
    if (this.#warnings.length < SHOWN_FINDINGS) this.#warnings.push({ severity: 'warning', ...finding });
  }

  /** Counts findings that are not shown. */
  countMore(count: number): void {
    this.#total += count;
  }

  /** True if there is a cause: the file may have been read only in part. */
  get incomplete(): boolean {
    return this.#causes.length > 0;
  }

  /** At most ten, causes first, then errors, then warnings; sorted by line, the whole file first. */
  shown(): readonly Finding[] {
    return [...this.#causes, ...this.#errors, ...this.#warnings]
      .slice(0, SHOWN_FINDINGS)
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  }
}

/** A value from a file, short enough for a sentence and safe for a terminal. */
export function displayValue(text: string): string {
  const characters = [...text.slice(0, 200)];
  return visible(characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text);
}

/** `3 fields`, `1 field`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
