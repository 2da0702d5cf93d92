import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Settings } from './options.ts';
import { checkRecords, type RecordRules } from './records.ts';
import { childrenOf, isFinal, phaseOf, type StoredBatch, type Work } from './state.ts';
import type { Store } from './store.ts';

/**
 * Processes finalized batches one after the other and saves each result. A batch interrupted by a crash is processed again
 * at the next start.
 */
export class Processor {
  readonly #store: Store;
  readonly #settings: Settings;
  readonly #closing: AbortSignal;
  #queue: Promise<void> = Promise.resolve();

  constructor(store: Store, settings: Settings, closing: AbortSignal) {
    this.#store = store;
    this.#settings = settings;
    this.#closing = closing;
  }

  /** Queues a finalized batch; its item batches follow it. */
  start(batch: StoredBatch): void {
    this.#queue = this.#queue.then(() => this.#process(batch));
  }

  /** Queues batches that were finalized but not processed when the sandbox stopped. */
  resume(): void {
    const { batches } = this.#store.state;
    for (const batch of batches) {
      if (batch.parentId !== null || batch.queuedAt === null) continue;
      if ([batch, ...childrenOf(this.#store.state, batch)].some((each) => !each.work)) this.start(batch);
    }
  }

  /** Resolves when all batches finalized so far are final, or the sandbox closes. */
  async idle(): Promise<void> {
    await this.#queue;
    const busy = () =>
      this.#store.state.batches.some(
        (batch) => batch.queuedAt !== null && !isFinal(phaseOf(batch, this.#settings)),
      );
    while (busy() && !this.#closing.aborted) await delay(5);
  }

  /** Resolves when processing has stopped, which the closing signal makes soon. */
  async stopped(): Promise<void> {
    await this.#queue;
  }

  async #process(batch: StoredBatch): Promise<void> {
    if (this.#closing.aborted) return;
    try {
      if (batch.kind === 'customer') {
        await this.#processFile(batch, { keyColumn: 'Account Number', unique: true, known: null });
        return;
      }
      const rules = { keyColumn: 'Invoice Number', unique: true, known: null };
      const known = await this.#processFile(batch, rules);
      for (const items of childrenOf(this.#store.state, batch)) {
        await this.#processFile(items, { keyColumn: 'Invoice Number', unique: false, known });
      }
    } catch (error) {
      // After a close the next start continues. Any other error must not leave the batch running forever.
      if (this.#closing.aborted) return;
      for (const each of [batch, ...childrenOf(this.#store.state, batch)]) {
        each.work ??= { succeeded: 0, failed: 0, errorMessage: messageOf(error), resultKey: null };
      }
      this.#store.save();
    }
  }

  /** Processes one file. @returns the accepted keys; of a file processed before a restart only these are computed */
  async #processFile(batch: StoredBatch, rules: RecordRules): Promise<ReadonlySet<string>> {
    const source = this.#store.pathOf(batch.source?.blob ?? '');
    const signal = this.#closing;
    const collect = batch.kind === 'invoice';
    const lose = batch.loses ?? 0;
    const words = this.#settings.recordWords;
    if (batch.work) {
      if (!collect) return new Set();
      return (await checkRecords(source, rules, { write: null, collect, words, lose, signal })).accepted;
    }
    const blob = this.#store.newBlob();
    const file = await open(this.#store.pathOf(blob), 'wx', 0o600);
    const md5 = createHash('md5');
    const sha256 = createHash('sha256');
    let bytes = 0;
    try {
      const write = async (text: string) => {
        const chunk = Buffer.from(text);
        md5.update(chunk);
        sha256.update(chunk);
        bytes += chunk.length;
        await file.appendFile(chunk);
      };
      const checked = await checkRecords(source, rules, { write, collect, words, lose, signal });
      const storedAt = this.#settings.now();
      const resultKey = this.#resultKey(batch, storedAt);
      batch.work = workOf(checked, resultKey);
      const object = { blob, bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex'), storedAt };
      this.#store.putObject(resultKey, object);
      return checked.accepted;
    } catch (error) {
      this.#store.dropBlob(blob);
      throw error;
    } finally {
      await file.close();
    }
  }

  /** As at the vendor: `acme/archive/out/CUS_21ST_SEPT_930AM_Batch_64236_1632200289161_output.csv`. */
  #resultKey(batch: StoredBatch, ms: number): string {
    const name = (batch.inputFilename ?? '').replace(/\.[^.]*$/, '');
    return `${this.#settings.org}/archive/out/${name}_Batch_${batch.id}_${ms}_output.csv`;
  }
}

function workOf({ succeeded, failed }: { succeeded: number; failed: number }, resultKey: string): Work {
  const errorMessage =
    succeeded + failed === 0
      ? 'The file has no records'
      : failed > 0
        ? `${failed} of ${succeeded + failed} records failed, see the output file`
        : '';
  return { succeeded, failed, errorMessage, resultKey };
}
