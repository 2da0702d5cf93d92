import type { FileKind } from '../batch/types.ts';

/** How many findings a file's report shows; the rest are counted (cli.md, "Files given"). */
const SHOWN_FINDINGS = 10;

/**
 * The findings of one file: ten kept, all counted, memory flat whatever the file holds.
 * A file with every record ragged must not build a million sentences, so a finding is made only if it will be shown.
 */
export class FindingList {
  readonly #causes: Finding[] = [];
  readonly #errors: Finding[] = [];
  readonly #warnings: Finding[] = [];
  #total = 0;

  /** All findings, also those not kept. */
  get total(): number {
    return this.#total;
  }

  /** An error in one place. */
  error(make: () => Omit<Finding, 'severity'>): void {
    this.#total += 1;
    if (this.#errors.length < SHOWN_FINDINGS) this.#errors.push({ severity: 'error', ...make() });
  }

  /** An error that explains others (a wrong encoding, a quote left open): never crowded out by its consequences. */
  cause(finding: Omit<Finding, 'severity'>): void {
    this.#total += 1;
    this.#causes.push({ severity: 'error', ...finding });
  }

  /** Doubtful, but no reason to send nothing. */
  warning(finding: Omit<Finding, 'severity'>): void {
    this.#total += 1;
    if (this.#warnings.length < SHOWN_FINDINGS) this.#warnings.push({ severity: 'warning', ...finding });
  }

  /** Findings that are counted and never shown: more of a kind than anybody reads, in a place nobody kept. */
  more(count: number): void {
    this.#total += count;
  }

  /** Something explains others: what was read of the file may be half of it. */
  get broken(): boolean {
    return this.#causes.length > 0;
  }

  /** Would one more error be shown? Else its words need not be gathered. */
  get hasRoom(): boolean {
    return this.#errors.length < SHOWN_FINDINGS;
  }

  /** At most ten, errors before warnings if there are more; in the order of the lines, what concerns the whole file first. */
  shown(): readonly Finding[] {
    return [...this.#causes, ...this.#errors, ...this.#warnings]
      .slice(0, SHOWN_FINDINGS)
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  }
}

/** A place in a file: the line, and the field within the record; both 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing wrong (or doubtful) in a file: where, what, and what to do. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Stable, for scripts: `ragged`, `not-utf8`, `nul`, `open-quote` … */
  readonly code: string;
  /** 1-based line in the file, `null` for the file as a whole. */
  readonly line: number | null;
  /** 1-based field within the record, `null` for the record as a whole. */
  readonly column: number | null;
  readonly message: string;
  readonly hint: string;
}

/** What one pass over a file found out. */
export interface FileReport {
  /** Absolute path. */
  readonly path: string;
  /** Base name, the `inputFilename` of the request. */
  readonly file: string;
  readonly kind: FileKind;
  /** Records besides the header; `null` when the file could not be read. */
  readonly records: number | null;
  readonly bytes: number | null;
  /** Lower-case hex of the whole file's bytes. */
  readonly sha256: string | null;
  readonly md5: string | null;
  /** The header's names. */
  readonly header: readonly string[];
  /**
   * The sum of its amounts as a decimal, when its column was named; `null` when no column is, or a value is no amount.
   * Left out when no columns were named at all.
   */
  readonly amount?: string | null;
  /** At most ten; `findingsTotal` counts all. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
}
