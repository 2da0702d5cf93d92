import type { BatchView } from '../batch/types.ts';
import type { EbillError } from '../errors.ts';
import type { SourceFile } from './entries.ts';

/** The steps of a plan, in order (commands rule 31). */
export const STAGES = ['check', 'init', 'customers', 'invoices', 'results', 'report'] as const;
export type Stage = (typeof STAGES)[number];

/** One batch of a plan, before anything is sent. */
export interface PlanEntry {
  readonly stage: Stage;
  readonly jobId: string;
  readonly file: Pick<SourceFile, 'name' | 'bytes' | 'records' | 'amount'> | null;
  /** For an items batch: the job id of its invoice batch. */
  readonly parent: string | null;
}

export interface BatchTimes {
  /** When the batch was submitted for processing, ms since 1970; `null`: unknown. */
  readonly since: number | null;
  /** How long batches of its kind and size took before, ms; `null`: no earlier load to learn from. */
  readonly estimateMs: number | null;
}

export type TimesOf = (jobId: string) => BatchTimes;

/**
 * What a load reports while it runs. Events draw, they do not decide: nothing durable depends on them.
 * `bytes` and `total` are bytes, `ms` milliseconds.
 */
export type LoadEvent =
  | { readonly event: 'check.start'; readonly files: number }
  /** Progress of the check over all files. */
  | { readonly event: 'check.progress'; readonly bytes: number; readonly total: number }
  /** `bad`: files that failed the check. */
  | {
      readonly event: 'check.end';
      readonly files: number;
      readonly records: number;
      readonly bytes: number;
      readonly bad: number;
    }
  /** One thing done or found: "AUG_2020_CUS created as batch 3". */
  | {
      readonly event: 'step';
      readonly jobId: string | null;
      readonly message: string;
      /** Not done yet, but about to be: it is listed before a question. */
      readonly ahead?: true;
    }
  /** `hint`: what to do, in the program's own words. */
  | {
      readonly event: 'warning';
      readonly jobId: string | null;
      readonly message: string;
      readonly hint?: string;
    }
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
      /** Why it is not stored; absent where it is, or where nothing but an interruption stopped it. */
      readonly reason?: string;
    }
  /** A wait starts (a spinner) and ends. */
  | { readonly event: 'wait.start'; readonly message: string }
  /** Its progress, where known; `total` is `null` while it is unknown. */
  | { readonly event: 'wait.progress'; readonly bytes: number; readonly total: number | null }
  | { readonly event: 'wait.end' }
  /** The run of a plan starts. */
  | { readonly event: 'run.start'; readonly job: string }
  /** What the plan comes to, before anything is sent. */
  | {
      readonly event: 'plan';
      readonly server: string;
      readonly profile: string | null;
      readonly entries: readonly PlanEntry[];
      /** The batches that the journal already has. */
      readonly recorded: readonly BatchView[];
      readonly times: TimesOf;
    }
  /** Polling of batches starts; every poll follows, failed ones too; then it ends. */
  | { readonly event: 'watch.start'; readonly times: TimesOf | null }
  | {
      readonly event: 'poll';
      readonly batches: readonly BatchView[];
      /** When this poll ended, ms since 1970. */
      readonly now: number;
      /** When the next one starts, ms since 1970; `null` after the last. */
      readonly nextPollAt: number | null;
      /** When the first of the failed polls in a row started, ms since 1970; `null` when the server answers. */
      readonly silentSince: number | null;
      /** For how long, ms without those the machine slept; absent: 0. */
      readonly silentMs?: number;
    }
  | { readonly event: 'watch.end' }
  /** A step of a plan starts and ends. `skipped`: it was done before, or is not in the plan. */
  | { readonly event: 'stage.start'; readonly stage: Stage }
  | {
      readonly event: 'stage.end';
      readonly stage: Stage;
      readonly outcome: 'done' | 'skipped' | 'stopped';
      readonly message: string | null;
      /** Why a run stops after the step: its records are not what the plan accepts. */
      readonly reason?: EbillError;
    };

export type Listener = (event: LoadEvent) => void;
