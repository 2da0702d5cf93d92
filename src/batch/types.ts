import type { Settled } from './net.ts';

/** What a batch is for. */
export const KINDS = [
  'init',
  'carryForwardInvoice',
  'carryForwardCreditMemo',
  'carryForwardDebitMemo',
  'customer',
  'invoice',
  'items',
] as const;
export type Kind = (typeof KINDS)[number];

/** The parts of an init: these have no job id. */
const INIT_PARTS: Readonly<Partial<Record<Kind, string>>> = {
  carryForwardInvoice: 'open invoices',
  carryForwardCreditMemo: 'credit memos',
  carryForwardDebitMemo: 'debit memos',
};

export const isInitPart = (kind: Kind): boolean => INIT_PARTS[kind] !== undefined;

/** What a batch is called: its job id, otherwise what it is. */
export const batchName = ({ jobId, kind }: Pick<BatchView, 'jobId' | 'kind'>): string =>
  jobId ?? INIT_PARTS[kind] ?? kind;

/** The kinds that carry a file. */
export type FileKind = 'customer' | 'invoice' | 'items';

/**
 * Where a batch stands, worst first: the order in which outcomes are compared (api rule 7). `missing`: seen once, and
 * the server does not know it any more (api rule 16). `not-run` comes last: it is the outcome only where nothing else is.
 */
export const PHASES = [
  'failed',
  'missing',
  'partial',
  'running',
  'queued',
  'uploaded',
  'draft',
  'succeeded',
  'not-run',
] as const;
export type Phase = (typeof PHASES)[number];

/** One batch as the server describes it. Empty elements are `null`: unknown, never 0 or "" (api rules 3 and 5). */
export interface Batch {
  /** The element it came in: `batchProcess`, or `carryForwardInvoice` and its like under an init. */
  readonly element: string;
  readonly id: string | null;
  readonly jobId: string | null;
  readonly status: string | null;
  readonly operation: string | null;
  readonly subOperation: string | null;
  readonly successCount: number | null;
  readonly successMessage: string | null;
  readonly errorMessage: string | null;
  readonly failCount: number | null;
  /** Presigned, a secret while it is valid (api rule 10). */
  readonly uploadUrl: string | null;
  readonly downloadUrl: string | null;
  /** When the download URL says that it expires, ISO 8601. Absent where it does not say. */
  readonly resultExpiresAt?: string;
  /** Of items, where the answer names their invoice batch. Not kept in a journal. */
  readonly parent?: { readonly id: string | null; readonly jobId: string | null };
  readonly children: readonly Batch[];
}

/** Counts of a result file: rows besides the header, and failures among them. */
export interface ResultCounts {
  readonly rows: number;
  readonly failed: number;
  /** Present only when there are such rows. */
  readonly unknown?: UnknownResults;
}

/** Rows of a result file that say neither "loaded" nor "rejected" (api rule 23). */
export interface UnknownResults {
  readonly records: number;
  /** The most frequent status values; none where the file has no status column. */
  readonly values: readonly {
    readonly value: string;
    /** Records. */
    readonly count: number;
    /** Of the first such record in the result file, from 1. */
    readonly line: number;
  }[];
}

/** One batch as it is shown: the BATCH of `--json` (commands rule 23). */
export interface BatchView {
  readonly id: string | null;
  readonly jobId: string | null;
  readonly kind: Kind;
  /** The base name of the file sent. */
  readonly file: string | null;
  /** As the server spelled it. */
  readonly status: string | null;
  /** Its own. */
  readonly phase: Phase;
  /** The worst of itself and its children. */
  readonly outcome: Phase;
  readonly operation: string | null;
  readonly subOperation: string | null;
  /** Records (rows besides the header) in the file as sent; `null` when this machine did not send it. */
  readonly recordsSent: number | null;
  readonly successCount: number | null;
  readonly failCount: number | null;
  readonly successMessage: string | null;
  readonly errorMessage: string | null;
  /** Its file was not to come (`--leave-out`): it takes no part in any outcome. Present only when it is so. */
  readonly leftOut?: true;
  /** The batch whose rejected records it corrects, and how many of its own records replace one of those. */
  readonly corrects?: { readonly jobId: string; readonly replaces: number };
  /** The state of its rejected records. Present only when some are corrected or waived; not in the document. */
  readonly settled?: Settled;
  /** A draft that another batch replaced and that is never finalized: it takes no part either. Present only when it is so. */
  readonly leftBehind?: true;
  /** It is final, and the server names no result file. Present only when it is so; not in the document. */
  readonly noResult?: true;
  /** Until when its result can be fetched, as its download URL says, ISO 8601. Present only when it is known. */
  readonly resultExpiresAt?: string;
  /** Present once its result file was read. */
  readonly result?: ResultCounts;
  /** Present only under `--show-urls`. */
  readonly uploadUrl?: string | null;
  readonly downloadUrl?: string | null;
  readonly children: readonly BatchView[];
}
