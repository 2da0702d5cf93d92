import type { Question } from '../api/client.ts';
import { isPermanent, TransportError } from '../api/net/transport-error.ts';
import {
  firstPollDelay,
  nextPollDelay,
  obeying,
  type PollInterval,
  pauseText,
  withJitter,
} from '../api/retry.ts';
import { EbillError } from '../errors.ts';
import type { Run } from './run.ts';

export interface WatchOptions {
  readonly cadence: PollInterval;
  /** ms; `null`: as long as it takes. */
  readonly maxWaitMs: number | null;
  /** ms of failures in a row before giving up. */
  readonly patienceMs: number;
}

/** ms that the last poll has although --max-wait has elapsed: the command returns within a second of it. */
const LAST_POLL_MS = 900;

/** A row of failed polls: since when, and for how long while the program ran. A sleeping machine sends no polls. */
export class Silence {
  /** ms since 1970; `null`: the last poll was answered. */
  since: number | null = null;
  #ms = 0;

  /** @param ms that the poll took */
  polled(failed: boolean, at: number, ms: number): void {
    if (!failed) {
      this.since = null;
      this.#ms = 0;
      return;
    }
    this.since ??= at;
    this.#ms += ms;
  }

  paused(ms: number): void {
    if (this.since !== null) this.#ms += ms;
  }

  get ms(): number {
    return this.#ms;
  }
}

/** The time of one watch, its look-ups included: --max-wait, --interval, --patience, and what the server asks for. */
export class Waiting {
  readonly options: WatchOptions;
  readonly #run: Pick<Run, 'context' | 'emit' | 'client'>;
  readonly #began: number;
  #pause: number;
  #first = true;
  /** The longest `Retry-After` of the polls since the last pause, ms. */
  #retryAfterMs: number | null = null;
  #told: number | null = null;
  #cut = false;

  constructor(run: Pick<Run, 'context' | 'emit' | 'client'>, options: WatchOptions) {
    this.#run = run;
    this.options = options;
    this.#began = run.context.now();
    this.#pause = firstPollDelay(options.cadence);
  }

  /** Whether --max-wait has elapsed. */
  get elapsed(): boolean {
    return this.#leftMs() <= 0 || this.#cut;
  }

  #leftMs(): number {
    const { maxWaitMs } = this.options;
    return maxWaitMs === null
      ? Number.POSITIVE_INFINITY
      : maxWaitMs - (this.#run.context.now() - this.#began);
  }

  /**
   * Makes polls, which --max-wait breaks off.
   * @param questions how many, one after the other
   * @returns ms that they took, without those the machine slept
   */
  async poll(questions: number, work: (question: Question) => Promise<void>): Promise<number> {
    const { context, client } = this.#run;
    const stop = new AbortController();
    const leftMs = Math.max(LAST_POLL_MS, this.#leftMs());
    const timer = Number.isFinite(leftMs)
      ? setTimeout(
          () => {
            this.#cut = true;
            stop.abort(
              new TransportError('lost', 'no answer before --max-wait elapsed', null, { permanent: true }),
            );
          },
          Math.min(leftMs, LONGEST_TIMER_MS),
        )
      : undefined;
    const began = context.now();
    try {
      await work({
        tries: 0,
        signal: stop.signal,
        onRetryAfter: (ms) => {
          this.#retryAfterMs = Math.max(ms, this.#retryAfterMs ?? 0);
        },
      });
    } finally {
      clearTimeout(timer);
    }
    return Math.min(context.now() - began, questions * client.longestQuestionMs);
  }

  /**
   * ms until the next poll. A `Retry-After` lengthens it, and is reported once.
   * @param most ms, for a question that only waits for a delay of the server
   */
  next(changed: boolean, most = Number.POSITIVE_INFINITY): number {
    const { cadence } = this.options;
    const { context, emit } = this.#run;
    if (!this.#first) this.#pause = nextPollDelay(cadence, this.#pause, changed);
    this.#first = false;
    const usual = Math.min(withJitter(cadence, this.#pause, context.random()), most);
    const asked = this.#retryAfterMs;
    this.#retryAfterMs = null;
    const wait = obeying(usual, asked);
    if (asked !== null && wait > usual && asked !== this.#told) {
      this.#told = asked;
      emit({ event: 'step', jobId: null, message: pauseText(asked) });
    }
    return Math.min(wait, Math.max(0, this.#leftMs()));
  }

  /** Sleeps. @returns ms, without those the machine slept */
  async pause(ms: number): Promise<number> {
    const { context } = this.#run;
    const began = context.now();
    await context.sleep(ms, context.signal);
    return Math.min(context.now() - began, ms);
  }

  /**
   * Asks until there is an answer, as a watch polls: for a batch or a load that is not on record here.
   * @throws EbillError UNAVAILABLE after `patienceMs` of failures, or at once when the server cannot be reached; STILL_RUNNING
   *   when --max-wait elapses; AUTH, REJECTED at once
   */
  async answer<T>(ask: (question: Question) => Promise<T>): Promise<T> {
    const { emit } = this.#run;
    const silence = new Silence();
    try {
      return await this.#untilAnswered(ask, silence);
    } finally {
      if (silence.since !== null) emit({ event: 'watch.end' });
    }
  }

  async #untilAnswered<T>(ask: (question: Question) => Promise<T>, silence: Silence): Promise<T> {
    const { context, emit } = this.#run;
    for (;;) {
      const asked = context.now();
      let answer: { readonly value: T } | undefined;
      let failure: EbillError | undefined;
      const ms = await this.poll(1, async (question) => {
        try {
          answer = { value: await ask(question) };
        } catch (error) {
          if (!(error instanceof EbillError) || error.code !== 'UNAVAILABLE') throw error;
          failure = error;
        }
      });
      if (answer !== undefined) {
        this.#first = true;
        this.#pause = firstPollDelay(this.options.cadence);
        return answer.value;
      }
      if (silence.since === null) emit({ event: 'watch.start', times: null });
      silence.polled(true, asked, ms);
      const wait = this.elapsed ? null : this.next(false);
      const now = context.now();
      const nextPollAt = wait === null ? null : now + wait;
      const { since: silentSince, ms: silentMs } = silence;
      emit({ event: 'poll', batches: [], now, nextPollAt, silentSince, silentMs });
      if (isPermanent(failure) || silence.ms >= this.options.patienceMs) throw failure;
      if (wait === null) throw notAnsweredInTime('Run the same command again.');
      silence.paused(await this.pause(wait));
    }
  }
}

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const notAnsweredInTime = (hint: string): EbillError =>
  new EbillError('STILL_RUNNING', 'Not known to be final: the server did not answer in time.', { hint });
