import type { FileKind } from '../batch/types.ts';

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
