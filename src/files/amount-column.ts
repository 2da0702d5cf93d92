import { type Amount, AmountReader, decimalText } from './amount.ts';
import { badAmount } from './cross-findings.ts';
import { ExactSums } from './exact-sums.ts';
import { isPlain, plainValue, textOfValue, type Value } from './field-sink.ts';
import type { FindingList } from './findings.ts';

/** The amounts of one file: each is read, added up, or found to be none. */
export class AmountColumn {
  readonly #findings: FindingList;
  readonly #reader = new AmountReader();
  readonly #value: Value = { bytes: new Uint8Array(0), from: 0, to: 0 };
  readonly #sum = new ExactSums();
  #decimals = 0;
  #unknown = false;

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /** The sum as a decimal; `null` when one of the values is no amount. */
  get total(): string | null {
    return this.#unknown ? null : decimalText(this.#sum.fine(0), this.#decimals);
  }

  /** The value of a whole record. @returns what it amounts to; a text: why it is no amount */
  read(line: number, column: number, bytes: Uint8Array, from: number, to: number): Amount {
    const amount = isPlain(bytes, from, to)
      ? this.#reader.read(bytes, from, to)
      : this.#readQuoted(bytes, from, to);
    if (typeof amount !== 'string') {
      this.#sum.add(0, amount);
      if (this.#reader.decimals > this.#decimals) this.#decimals = this.#reader.decimals;
      return amount;
    }
    this.#unknown = true;
    this.#findings.error(() => {
      plainValue(this.#value, bytes, from, to);
      return badAmount(line, column, amount, textOfValue(this.#value));
    });
    return amount;
  }

  #readQuoted(bytes: Uint8Array, from: number, to: number): Amount {
    const value = this.#value;
    plainValue(value, bytes, from, to);
    return this.#reader.read(value.bytes, value.from, value.to);
  }
}
