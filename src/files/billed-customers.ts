import { KeyTable } from './key-table.ts';
import { type KeyHash, type KeySet, REFERRED, REPEAT } from './keys.ts';

/**
 * Counts the customers that the invoice files of a call bill, each once. Those of the customer files have a flag; others are
 * counted by the hashes of their keys, 8 bytes an invoice. Two customers have one hash by chance in one of ten million files
 * (`KeyHash64`).
 */
export class BilledCustomers {
  #repeats = 0;
  readonly #others = new KeyTable(() => {
    this.#repeats += 1;
  });
  #inFiles = 0;
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

  /** A customer that is not in the customer files. */
  add({ low, high }: Pick<KeyHash, 'low' | 'high'>): void {
    this.#others.add(low, high);
  }

  /** Counts the customers that are in the customer files. Call once, after all files were read. */
  addReferred({ table, flags }: KeySet): void {
    table.findRepeats();
    for (let key = 0; key < table.size; key++)
      if ((flags.get(key) & (REFERRED | REPEAT)) === (REFERRED | REPEAT))
        flags.set(table.find(table.low(key), table.high(key)), REFERRED);
    for (let key = 0; key < table.size; key++)
      if ((flags.get(key) & (REFERRED | REPEAT)) === REFERRED) this.#inFiles += 1;
  }

  /** An invoice without a customer, or the column turned out to be another one. */
  unknown(): void {
    this.#known = false;
  }

  /** Call after all files were read; `null` when it is not known of every invoice. */
  get count(): number | null {
    if (!this.#known || this.#files === 0 || this.#counted < this.#files) return null;
    this.#others.findRepeats();
    return this.#inFiles + this.#others.size - this.#repeats;
  }
}
