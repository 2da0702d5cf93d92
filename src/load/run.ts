import type { Client } from '../api/client.ts';
import type { StorageOptions } from '../api/storage.ts';
import type { StatusNames } from '../batch/phase.ts';
import type { RecordStatusMap } from '../batch/record-status.ts';
import type { Context } from '../system/context.ts';
import type { Lock } from '../system/lock.ts';
import type { Listener } from './events.ts';
import type { Journal } from './journal.ts';
import type { Settle } from './recover.ts';
import type { LoadState } from './state.ts';
import type { PresignedUrls } from './view.ts';

/** What every step of a load works with. */
export interface Run {
  readonly context: Context;
  /** The profile of this command; the load may have been started with another one (api rule 25). */
  readonly profile: string | null;
  readonly client: Client;
  readonly storage: StorageOptions;
  readonly journal: Journal;
  /** Held while the load is changed; `null` for reading. */
  readonly lock: Lock | null;
  readonly emit: Listener;
  readonly statusNames: StatusNames;
  /** What values in the status column of a result file mean (api rule 23). */
  readonly recordStatus: RecordStatusMap;
  readonly retries: number;
  /** How long "not found" and an unchanged status are no evidence after a call (api rule 16). */
  readonly settle: Settle;
  /** Only with `--show-urls`. */
  readonly urls: PresignedUrls | null;
  /** @throws EbillError REJECTED when customers' data must not travel there */
  readonly assertSafeUrl: (url: string) => void;
  /** The server's other loads, as their journals are now: batches with one file name share one object (api rule 26). */
  readonly otherLoads: () => Promise<readonly LoadState[]>;
  /** Runs `work` while no other process works on any load of the server within the same lock. */
  readonly withServerLock: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Runs the work for each item, at most `limit` at a time, started in order. After a failure no work is started; work under
 * way is awaited, because it writes to the journal, and the first failure is thrown.
 */
export async function inParallel<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next;
      next += 1;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * As `inParallel`, for work of two parts, each at most `limit` at a time: the first part of one item overlaps with the second
 * part of others. With a limit of 1 nothing overlaps.
 * Work under way when an item fails is awaited with both its parts: a batch that was created gets its file.
 * @param work calls `second` between its parts, which waits until the second may begin
 */
export async function inTwoParts<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T, second: () => Promise<void>) => Promise<R>,
): Promise<R[]> {
  const firsts = new Slots(limit);
  const seconds = new Slots(limit);
  const results: R[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      await firsts.enter();
      let held = firsts;
      try {
        if (next >= items.length || failures.length > 0) return;
        const index = next;
        next += 1;
        results[index] = await work(items[index] as T, async () => {
          if (held === seconds) return;
          await seconds.enter();
          held.leave();
          held = seconds;
        });
      } catch (error) {
        failures.push(error);
      } finally {
        held.leave();
      }
    }
  };
  await Promise.all(Array.from({ length: limit === 1 ? 1 : Math.min(2 * limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** So many may be inside at a time; the others wait in order. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  enter(): Promise<void> {
    if (this.#free === 0) return new Promise((enter) => this.#waiting.push(enter));
    this.#free -= 1;
    return Promise.resolve();
  }

  leave(): void {
    const enter = this.#waiting.shift();
    if (enter === undefined) this.#free += 1;
    else enter();
  }
}
