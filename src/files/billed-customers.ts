import { KeyTable } from './key-table.ts';
import type { KeyHash } from './keys.ts';

/**
 * Counts the customers that the invoice files of a call bill, each once, by the hashes of their keys: 8 bytes an invoice.
 * Two customers have one hash by chance in one of ten million files (`KeyHash64`).
 */
export class BilledCustomers {
  #repeats = 0;
  readonly #keys = new KeyTable(() => {
    this.#repeats += 1;
  });
  #files = 0;
  #counted = 0;
  #known = true;

  /** An invoice file of the call. */
  expect(): void {
    this.#files += 1;
  }

  /** An invoice file with a column of customers was read to its end. */
  counted(): void {
    this.#counted += 1;
  }

  add({ low, high }: KeyHash): void {
    this.#keys.add(low, high);
  }

  /** An invoice without a customer, or the column turned out to be another one. */
  unknown(): void {
    this.#known = false;
  }

  /** Call after the last `add`; `null` when it is not known of every invoice. */
  get count(): number | null {
    if (!this.#known || this.#files === 0 || this.#counted < this.#files) return null;
    this.#keys.findRepeats();
    return this.#keys.size - this.#repeats;
  }
}
