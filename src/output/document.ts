import type { BatchView, Phase } from '../batch/types.ts';
import type { FileReport } from '../files/file-report.ts';
import type { Failure } from './ui.ts';

/** A request as `--dry-run` shows it. */
export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
}

/** One load this machine knows: an entry of `ebill loads`. Times are ISO 8601. */
export interface ShownLoad {
  readonly job: string;
  readonly profile: string | null;
  readonly startedAt: string | null;
  readonly updatedAt: string | null;
  readonly outcome: Phase | null;
}

/** One result file that was downloaded. */
export interface ShownResult {
  readonly jobId: string | null;
  readonly path: string;
  readonly rows: number | null;
  /** The file of failed rows under `--rejects`, or how many there are. */
  readonly rejects: string | number | null;
}

/** All that the one JSON document of a run is made of (cli.md, "Output"). A `CommandResult` with a command and an exit code fits. */
export interface DocumentInput {
  /** The whole name: `upload invoice`. */
  readonly command: string;
  readonly profile: string | null;
  readonly job: string | null;
  readonly outcome: Phase | null;
  readonly exitCode: number;
  readonly batches: readonly BatchView[];
  readonly error: Failure | null;
  readonly requests?: readonly ShownRequest[];
  readonly files?: readonly FileReport[];
  readonly loads?: readonly ShownLoad[];
  readonly results?: readonly ShownResult[];
  /** Keys one command adds; they never replace the contract's. */
  readonly extra?: Readonly<Record<string, unknown>>;
}
