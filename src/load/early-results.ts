import { join } from 'node:path';
import { isFinal } from '../batch/outcome.ts';
import { flatten } from '../batch/tree.ts';
import type { Batch } from '../batch/types.ts';
import { statusOf } from './ask.ts';
import { resultName } from './file-names.ts';
import { type FinalBatch, hasResult, withItems } from './final-batches.ts';
import type { Answers } from './refresh.ts';
import { AT_ONCE, fetchResult, type ResultProblem, recordResult } from './results.ts';
import type { Run } from './run.ts';
import { viewBatch } from './view.ts';

/** ms until a result that could not be fetched is tried again. */
const AGAIN_MS = 60_000;

/**
 * Fetches results during a watch, each as soon as its batch is final: a download URL lives from the end of its own
 * batch, and asking again may give the same one (api rule 11). Nothing is decided here: what could not be fetched is tried
 * again, and at the end by `downloadResults`, which says so.
 */
export class EarlyResults {
  readonly #run: Run;
  readonly #folder: string;
  readonly #problemOf: ResultProblem;
  readonly #answers = new Map<string, Batch>();
  readonly #done = new Set<string>();
  /** Job ids of the results that it fetched. */
  readonly fetched = new Set<string>();
  /** ms since 1970, by job id. */
  readonly #triedAt = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<void>>();

  /** @param folder absolute */
  constructor(run: Run, folder: string, problemOf: ResultProblem) {
    this.#run = run;
    this.#folder = folder;
    this.#problemOf = problemOf;
  }

  /**
   * After each poll: starts to fetch what has become final. Polls do not wait for it.
   * @param jobIds the batches that are watched
   * @param found what they were answered
   */
  polled(jobIds: readonly string[], found: Answers): void {
    const { state } = this.#run.journal;
    for (const jobId of jobIds) {
      const known = state.batches.get(jobId);
      if (known === undefined || known.kind === 'init' || known.abandoned) continue;
      const answer = found.get(jobId) ?? this.#answers.get(jobId);
      if (answer) {
        this.#answers.set(jobId, answer);
        for (const one of withItems(this.#run, jobId, answer))
          if (hasResult(this.#run, one) && one.batch.downloadUrl !== null)
            this.#start(one.jobId, () => this.#fetch(one));
        continue;
      }
      // Final before this watch, which does not ask about it; a result on record was fetched.
      const isOpen = flatten([viewBatch(state, known, this.#run.statusNames)]).some(
        (one) => isFinal(one.phase) && state.batches.get(one.jobId ?? '')?.results.length === 0,
      );
      if (isOpen) this.#start(jobId, () => this.#ask(jobId));
    }
  }

  /** Waits for the downloads under way and starts those left, so that all were tried once. */
  async end(jobIds: readonly string[]): Promise<void> {
    do {
      await Promise.all(this.#underWay.values());
      this.#run.context.signal.throwIfAborted();
      this.polled(jobIds, new Map());
    } while (this.#underWay.size > 0);
  }

  #start(jobId: string, work: () => Promise<void>): void {
    const now = this.#run.context.now();
    const tried = this.#triedAt.get(jobId);
    if (this.#done.has(jobId) || this.#underWay.has(jobId) || this.#underWay.size >= AT_ONCE) return;
    if (tried !== undefined && now - tried < AGAIN_MS) return;
    this.#triedAt.set(jobId, now);
    // Whatever went wrong is found again at the end, and said there.
    const under = work()
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(jobId));
    this.#underWay.set(jobId, under);
  }

  async #ask(jobId: string): Promise<void> {
    const id = this.#run.journal.state.batches.get(jobId)?.id ?? null;
    const batch = await statusOf(this.#run, { id, jobId });
    if (batch === null) return;
    this.#answers.set(jobId, batch);
    this.#triedAt.delete(jobId);
  }

  async #fetch(one: FinalBatch): Promise<void> {
    const { jobId } = one;
    const fetched = await fetchResult(this.#run, one, join(this.#folder, resultName(jobId)), {
      storage: this.#run.storage,
      problemOf: this.#problemOf,
      takesByHand: false,
      onBytes: () => undefined,
      onRetry: () => undefined,
    });
    if (fetched.state === 'here') {
      if (!fetched.file.kept) this.fetched.add(jobId);
      await recordResult(this.#run, fetched);
    }
    if (fetched.state !== 'failed') this.#done.add(jobId);
  }
}
