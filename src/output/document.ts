import type { BatchView, Phase } from '../batch/types.ts';
import type { FileReport } from '../files/findings.ts';
import type { Failure } from './ui.ts';

/** A request as `--dry-run` shows it. */
export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
}

/** A load in the list of `ebill loads`. Times are ISO 8601. */
export interface ShownLoad {
  readonly job: string;
  readonly profile: string | null;
  readonly startedAt: string | null;
  readonly updatedAt: string | null;
  readonly outcome: Phase | null;
}

/** A result file that was downloaded. */
export interface ShownResult {
  readonly jobId: string | null;
  readonly path: string;
  readonly rows: number | null;
  /** With `--rejects` the path of the file of failed rows, otherwise their number. */
  readonly rejects: string | number | null;
}

/** What the JSON document of a run is made of (commands rule 23): a `CommandResult` with a command and an exit code. */
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
  /** Keys that one command adds; they never replace those above. */
  readonly extra?: Readonly<Record<string, unknown>>;
}
