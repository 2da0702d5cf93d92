import type { Client } from '../api/client.ts';
import { freeJobIds } from '../batch/job-ids.ts';
import type { FileKind } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import type { Answer } from './recover.ts';
import { inParallel } from './run.ts';
import type { LoadState } from './state.ts';

/** ms. What the server said longer ago is asked again: somebody else may have used the job id since. */
const FRESH_MS = 5_000;

/**
 * Questions whether new job ids are in use (api rule 18), asked while the end of the files is checked. An answer is used once,
 * and only while it is fresh; a question that failed is asked again when its turn comes, unless the server refused the
 * credentials: they are not tried twice.
 */
export class LookUps {
  readonly #client: Pick<Client, 'status'>;
  readonly #now: () => number;
  readonly #answers = new Map<string, Promise<Answer | EbillError | null>>();

  /** @param now ms since 1970 */
  constructor(client: Pick<Client, 'status'>, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** Asks, so many at a time. Nothing is reported, and nothing is tried again. */
  ask(jobIds: readonly string[], atOnce: number): void {
    void inParallel(atOnce, jobIds, (jobId) => {
      const at = this.#now();
      const answer = this.#client.status({ jobId }, { tries: 0, pageIsAbsence: true }).then(
        (batch) => ({ at, batch }),
        (error: unknown) => (error instanceof EbillError && error.code === 'AUTH' ? error : null),
      );
      this.#answers.set(jobId, answer);
      return answer;
    });
  }

  /** `undefined`: there is no answer that can be used. @throws EbillError AUTH */
  async take(jobId: string): Promise<Answer | undefined> {
    const answer = await this.#answers.get(jobId);
    this.#answers.delete(jobId);
    if (answer instanceof EbillError) throw answer;
    return answer != null && this.#now() - answer.at < FRESH_MS ? answer : undefined;
  }
}

/**
 * The job ids that new files will most likely get. Files that may be on record, by their names, get none: nothing is asked
 * about those. Pure.
 * @param state `null`: this machine has no record of the load
 * @param jobId `--job-id`
 */
export function likelyJobIds(
  state: LoadState | null,
  job: string,
  files: readonly { readonly kind: FileKind; readonly name: string }[],
  jobId: string | null,
): readonly string[] {
  const names = new Set([...(state?.batches.values() ?? [])].map(({ file }) => file?.name));
  const taken = new Set<string>(state?.batches.keys());
  return files.flatMap(({ kind, name }) => {
    if (names.has(name)) return [];
    const likely = jobId ?? freeJobIds(job, kind, (one) => taken.has(one))();
    if (taken.has(likely)) return [];
    taken.add(likely);
    return [likely];
  });
}
