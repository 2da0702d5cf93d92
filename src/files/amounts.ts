/**
 * Amounts as exact decimals. One of up to four decimals is counted in ten-thousandths, as a whole number that a double
 * holds exactly; one that is larger or finer is a BigInt of 10⁻¹⁸. There is no binary fraction on the way.
 */
export type Amount =
  /** Ten-thousandths, a safe integer. */
  | number
  /** 10⁻¹⁸. */
  | bigint
  | AmountProblem;

/** Why a value is no amount that can be added up. */
export type AmountProblem = 'empty' | 'not-a-number' | 'comma' | 'exponent' | 'too-fine';

/** Decimals a double's unit stands for, and a BigInt's. */
const UNIT_DECIMALS = 4;
const FINE_DECIMALS = 18;
const FINE_PER_UNIT = 10n ** BigInt(FINE_DECIMALS - UNIT_DECIMALS);

const DOT = 46;
const MINUS = 45;
const PAD = [1, 10, 100, 1000, 10_000] as const;

/** What was read last; a caller that adds up millions is given no object for each. */
export class AmountReader {
  /** How many decimals the last amount was written with. */
  decimals = 0;

  /**
   * Reads `12.30`, `-12.30`, `+12`, `.5`, `1,234.56`, `1,234,567`, `(12.30)`. Spaces around it are nothing. A comma that
   * may be a decimal one (`1,234`, `12,50`) is a problem, never a guess; so is `1.2E+05`.
   */
  read(bytes: Uint8Array, from: number, to: number): Amount {
    let i = from;
    const negative = i < to && bytes[i] === MINUS;
    if (negative) i++;
    let units = 0;
    const first = i;
    let dot = -1;
    for (; i < to; i++) {
      const digit = (bytes[i] as number) - 48;
      if (digit >= 0 && digit <= 9) units = units * 10 + digit;
      else if (digit === DOT - 48 && dot < 0) dot = i;
      else return this.#slow(bytes, from, to);
    }
    const decimals = dot < 0 ? 0 : to - dot - 1;
    const digits = to - first - (dot < 0 ? 0 : 1);
    // Eleven digits and four more are below 2⁵³.
    if (digits === 0 || digits > 11 || decimals > UNIT_DECIMALS) return this.#slow(bytes, from, to);
    this.decimals = decimals;
    units *= PAD[UNIT_DECIMALS - decimals] as number;
    return negative && units !== 0 ? -units : units;
  }

  #slow(bytes: Uint8Array, from: number, to: number): Amount {
    if (to - from > 200) return 'not-a-number';
    const text = Buffer.from(bytes.subarray(from, to)).toString('latin1').trim();
    if (text === '') return 'empty';
    if (/^[-+(]?[\d.,]+E[-+]?\d+\)?$/iu.test(text)) return 'exponent';
    const inside = /^\((.*)\)$/u.exec(text)?.[1];
    const bare = inside ?? text.replace(/^[-+]/u, '');
    const negative = inside !== undefined || text.startsWith('-');
    if (!/^\d*\.?\d*$/u.test(bare) || !/\d/u.test(bare)) {
      if (!/^[\d.,]+$/u.test(bare) || !bare.includes(',')) return 'not-a-number';
      // Groups of three with a decimal point behind them, or so many groups that the comma can be no decimal one.
      if (!/^\d{1,3}(?:,\d{3})+\.\d*$/u.test(bare) && !/^\d{1,3}(?:,\d{3}){2,}$/u.test(bare)) return 'comma';
    }
    const [whole = '', fraction = ''] = bare.replaceAll(',', '').split('.');
    if (fraction.length > FINE_DECIMALS) return 'too-fine';
    this.decimals = fraction.length;
    const fine = BigInt(whole + fraction.padEnd(FINE_DECIMALS, '0'));
    return compact(negative ? -fine : fine);
  }
}

/** Any amount in 10⁻¹⁸. */
export function toFine(amount: number | bigint): bigint {
  return typeof amount === 'bigint' ? amount : BigInt(amount) * FINE_PER_UNIT;
}

function compact(fine: bigint): number | bigint {
  const units = fine / FINE_PER_UNIT;
  const safe = units <= Number.MAX_SAFE_INTEGER && units >= Number.MIN_SAFE_INTEGER;
  return units * FINE_PER_UNIT === fine && safe ? Number(units) : fine;
}

/** As a decimal with this many decimals at least (more where the value has more): `-1234.50`. */
export function formatDecimal(fine: bigint, decimals: number): string {
  const digits = String(fine < 0n ? -fine : fine).padStart(FINE_DECIMALS + 1, '0');
  const fraction = digits.slice(-FINE_DECIMALS).replace(/0+$/u, '').padEnd(decimals, '0');
  return `${fine < 0n ? '-' : ''}${digits.slice(0, -FINE_DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Equal to the cent: no further apart than half of one, which is what rounding may move. */
export function equalToTheCent(a: bigint, b: bigint): boolean {
  const apart = a < b ? b - a : a - b;
  return apart <= 5n * 10n ** BigInt(FINE_DECIMALS - 3);
}

/**
 * Adds up decimals exactly, written with as many decimals as the finest of them. `null` when one is unknown or no
 * amount: a sum without it would be a wrong one.
 */
export function sumAmounts(amounts: readonly (string | null)[]): string | null {
  const reader = new AmountReader();
  let sum = 0n;
  let decimals = 0;
  for (const amount of amounts) {
    if (amount === null) return null;
    const bytes = Buffer.from(amount);
    const value = reader.read(bytes, 0, bytes.length);
    if (typeof value === 'string') return null;
    sum += toFine(value);
    decimals = Math.max(decimals, reader.decimals);
  }
  return amounts.length === 0 ? null : formatDecimal(sum, decimals);
}

/** Half a cent in ten-thousandths. */
const HALF_CENT = 50;

/** A growing list of exact decimal sums, eight bytes each; those that do not fit a double's whole numbers stand aside. */
export class ExactSums {
  #units = new Float64Array(1 << 10);
  /** What could not be added to `#units`, in 10⁻¹⁸. */
  readonly #rest = new Map<number, bigint>();

  /** Adds to the sum of this number; all sums begin with 0. */
  add(at: number, amount: number | bigint): void {
    if (at >= this.#units.length) this.#grow(at);
    if (typeof amount === 'number') {
      const sum = (this.#units[at] as number) + amount;
      if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) {
        this.#units[at] = sum;
        return;
      }
    }
    this.#rest.set(at, (this.#rest.get(at) ?? 0n) + toFine(amount));
  }

  subtract(at: number, amount: number | bigint): void {
    this.add(at, -amount);
  }

  /** In 10⁻¹⁸. */
  fine(at: number): bigint {
    return toFine(this.#units[at] ?? 0) + (this.#rest.get(at) ?? 0n);
  }

  /** Is the sum 0 to the cent, as far as the doubles alone tell? Only sums with a rest need `fine`. */
  isNought(at: number): boolean {
    const units = this.#units[at] ?? 0;
    if (this.#rest.size > 0 && this.#rest.has(at)) return false;
    return units <= HALF_CENT && units >= -HALF_CENT;
  }

  #grow(at: number): void {
    let length = this.#units.length;
    while (length <= at) length *= 2;
    const larger = new Float64Array(length);
    larger.set(this.#units);
    this.#units = larger;
  }
}
