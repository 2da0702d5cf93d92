/** The steps of a month run from a plan, in their order (cli.md, "Plan file"). */
export const STAGES = ['check', 'init', 'customers', 'invoices', 'results', 'report'] as const;
export type Stage = (typeof STAGES)[number];

/**
 * What the runner tells whoever listens. Events draw, they do not decide: nothing durable hangs on them.
 * `bytes` and `total` are bytes, `ms` milliseconds.
 */
export type LoadEvent =
  | { readonly event: 'check.start'; readonly files: number }
  /** How far the check is, over all its files. */
  | { readonly event: 'check.progress'; readonly bytes: number; readonly total: number }
  /** `bad`: files that are not fit to send. */
  | {
      readonly event: 'check.end';
      readonly files: number;
      readonly records: number;
      readonly bytes: number;
      readonly bad: number;
    }
  /** One thing done or found, worth a line: "AUG_2020_CUS created as batch 3". */
  | { readonly event: 'step'; readonly jobId: string | null; readonly message: string }
  | { readonly event: 'warning'; readonly jobId: string | null; readonly message: string }
  | {
      readonly event: 'retry';
      readonly jobId: string | null;
      readonly message: string;
      readonly attempt: number;
      readonly waitMs: number;
    }
  | { readonly event: 'upload.start'; readonly jobId: string; readonly file: string; readonly total: number }
  | {
      readonly event: 'upload.progress';
      readonly jobId: string;
      readonly file: string;
      readonly bytes: number;
      readonly total: number;
    }
  | {
      readonly event: 'upload.end';
      readonly jobId: string;
      readonly file: string;
      readonly bytes: number;
      readonly total: number;
      readonly ms: number;
      readonly ok: boolean;
    }
  /** A wait begins (a spinner) and ends. */
  | { readonly event: 'wait.start'; readonly message: string }
  /** How far it is, where that can be told; `total` is `null` while it is not known. */
  | { readonly event: 'wait.progress'; readonly bytes: number; readonly total: number | null }
  | { readonly event: 'wait.end' }
  /** A step of a plan begins, and ends. `skipped`: it was done before, or there is nothing of it in the plan. */
  | { readonly event: 'stage.start'; readonly stage: Stage }
  | {
      readonly event: 'stage.end';
      readonly stage: Stage;
      readonly outcome: 'done' | 'skipped' | 'stopped';
      readonly message: string | null;
    };

export type Listener = (event: LoadEvent) => void;
