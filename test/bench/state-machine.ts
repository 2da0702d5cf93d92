import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The least that JavaScript can do to read CSV: a state machine over bytes that counts records and compares their number of
 * fields with the header's. What a checker costs beyond it is the cost of its findings.
 * @returns records besides the headers
 */
export function countRecords(paths: readonly string[]): number {
  let records = 0;
  const block = Buffer.allocUnsafe(1 << 20);
  for (const path of paths) {
    const file = openSync(path, 'r');
    const counter = new Counter();
    for (let n = readSync(file, block); n > 0; n = readSync(file, block)) counter.count(block, n);
    closeSync(file);
    if (counter.ragged > 0) throw new Error(`${path} has ragged records`);
    records += counter.records - 1;
  }
  return records;
}

class Counter {
  records = 0;
  ragged = 0;
  #quoted = false;
  #fields = 1;
  #width = 0;

  count(block: Buffer, n: number): void {
    let quoted = this.#quoted;
    let fields = this.#fields;
    for (let i = 0; i < n; i++) {
      const c = block[i] as number;
      if (c > 44) continue;
      if (c === 34) quoted = !quoted;
      else if (quoted) continue;
      else if (c === 44) fields++;
      else if (c === 10) {
        this.records++;
        if (this.#width === 0) this.#width = fields;
        else if (fields !== this.#width) this.ragged++;
        fields = 1;
      }
    }
    this.#quoted = quoted;
    this.#fields = fields;
  }
}
