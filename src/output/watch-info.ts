import type { BatchView } from '../batch/types.ts';

/** When a batch was handed over, and how long earlier ones of its kind and size took. */
export interface BatchTimes {
  /** ms since 1970; `null` when it is not known. */
  readonly since: number | null;
  /** ms; `null` when there is nothing to learn from. */
  readonly estimateMs: number | null;
}

/** What the one who looks knows besides the batches. */
export interface WatchInfo {
  /** Milliseconds since 1970, when this look ended. */
  readonly now: number;
  /** Milliseconds until the next look begins; `null` while there is none to come. */
  readonly nextPollMs: number | null;
  /** When the server last answered: `now` after a good look. Earlier by a second or more means it is silent; `null`: never yet. */
  readonly lastAnswerAt: number | null;
  /** By job id. */
  readonly times?: (jobId: string) => BatchTimes;
}

/** Shows how batches go on: call `update` after every look, failed ones too, and `stop` at the end. */
export interface WatchView {
  update(batches: readonly BatchView[], info: WatchInfo): void;
  stop(): void;
}
