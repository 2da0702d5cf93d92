import type { KindTotals } from '../batch/comparison.ts';
import type { FileKind, Kind, Phase } from '../batch/types.ts';
import type { Moment } from '../load/timeline.ts';

/** Marks a page as our report. */
export const GENERATOR = 'ebill report';

/** One batch in a report; numbers are records, times ISO 8601, `null` unknown. */
export interface ReportBatch {
  readonly id: string | null;
  readonly jobId: string | null;
  readonly kind: Kind;
  /** 0 at the top, 1 for the items of an invoice batch. */
  readonly depth: number;
  readonly file: string | null;
  /** As the server spelled it. */
  readonly status: string | null;
  readonly phase: Phase;
  readonly outcome: Phase;
  /** It takes no part in any outcome (api rule 7). Present only when it is so. */
  readonly leftOut?: true;
  readonly leftBehind?: true;
  /** The batch whose rejected records it corrects. Present only where it is one. */
  readonly corrects?: string;
  /** Records that are neither loaded nor corrected nor waived. Present only with corrections or waivers. */
  readonly open?: number | null;
  readonly sent: number | null;
  readonly loaded: number | null;
  readonly rejected: number | null;
  /** Records without one certain result; 0 when all are accounted for. */
  readonly unaccounted: number | null;
  readonly uploadFrom: string | null;
  readonly uploadTo: string | null;
  /** When it was submitted for processing, and when it was first seen final. */
  readonly processFrom: string | null;
  readonly processTo: string | null;
  readonly message: string | null;
}

export interface ReportFile {
  readonly file: string;
  readonly kind: FileKind;
  readonly jobId: string;
  readonly id: string | null;
  readonly bytes: number;
  readonly records: number | null;
  /** The control total. */
  readonly amount: string | null;
  readonly sha256: string;
  readonly md5: string;
}

export interface ReportReason {
  readonly jobId: string;
  readonly message: string;
  readonly count: number;
}

/** Rejected records that will not be loaded. */
export interface ReportWaiver {
  readonly jobId: string;
  /** Of its rejects file; `null`: all that were open. */
  readonly line: number | null;
  readonly records: number;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

/** An approval that a run was checked against: it sent exactly what that file says. */
export interface ReportApproval {
  /** Of the file. */
  readonly sha256: string;
  /** As the operator said; `null`: not said. */
  readonly by: string | null;
  /** When it was first used, ISO 8601. */
  readonly at: string;
}

export interface ReportTotal {
  readonly kind: FileKind;
  readonly files: number;
  readonly records: number | null;
  readonly amount: string | null;
}

/** What a load came to, each record counted once; an open one so far. */
export interface ReportMonth {
  readonly job: string;
  /** ISO 8601; `null`: it is open. */
  readonly closedAt: string | null;
  readonly kinds: readonly KindTotals[];
  readonly customersBilled: number | null;
  /** Of all kinds. */
  readonly records: number | null;
  /** Of the invoices, a decimal. */
  readonly amount: string | null;
  /** Records that were rejected at first. */
  readonly rejected: number | null;
}

/** The content of a report, for `--json` and for the page. Every text is redacted already. */
export interface ReportFacts {
  readonly job: string;
  readonly outcome: Phase | null;
  /** The result for the records, a line for each kind. */
  readonly verdict: readonly string[];
  /** For example a server that did not answer, or missing result files. */
  readonly warnings: readonly string[];
  readonly batches: readonly ReportBatch[];
  readonly reasons: readonly ReportReason[];
  /** Absent without any. */
  readonly waivers?: readonly ReportWaiver[];
  /** Absent without any. */
  readonly approvals?: readonly ReportApproval[];
  /** Files given last by a command without an approval. Present only with approvals. */
  readonly unapproved?: readonly string[];
  readonly totals: readonly ReportTotal[];
  /** The last loads of the server, this one last. Absent when there is no other. */
  readonly months?: readonly ReportMonth[];
  readonly files: readonly ReportFile[];
  /** Each request and its answer. */
  readonly timeline: readonly Moment[];
  readonly made: {
    readonly at: string;
    readonly by: string;
    readonly user: string | null;
    readonly host: string;
  };
  readonly source: {
    readonly profile: string | null;
    readonly server: string;
    readonly startedAt: string;
    /** When the server last reported something new. */
    readonly asOf: string;
  };
}
