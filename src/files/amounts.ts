import { extended } from './field-values.ts';

/**
 * Amounts as exact decimals, never as binary fractions. An amount with up to four decimals is a whole number of
 * ten-thousandths, which a double holds exactly; a larger or finer one is a BigInt in units of 10⁻¹⁸ ("fine" units).
 */
export type Amount =
  /** Ten-thousandths, a safe integer. */
  | number
  /** Units of 10⁻¹⁸. */
  | bigint
  | AmountProblem;

/** Why a value cannot be added up. */
export type AmountProblem = 'empty' | 'not-a-number' | 'comma' | 'decimal-comma' | 'exponent' | 'too-fine';

/** Decimals of a number unit and of a fine unit. */
const UNIT_DECIMALS = 4;
const FINE_DECIMALS = 18;
const FINE_PER_UNIT = 10n ** BigInt(FINE_DECIMALS - UNIT_DECIMALS);
/** Decimals of an amount that is compared to the cent even if it has fewer. */
const CENT_DECIMALS = 2;
/** From this number of decimals on, amounts are compared exactly. */
export const EXACT_DECIMALS = 5;

const DOT = 46;
const MINUS = 45;
const SCALE = [1, 10, 100, 1000, 10_000] as const;

/** `1,5`, `12,50`, `1.234,567`: no group of thousands has one or two digits, or follows one with a point. */
const DECIMAL_COMMA = /^(?:\d+,\d{1,2}|\d{1,3}(?:\.\d{3})+,\d+)$/u;

/** Reads amounts. A class, so that reading millions of values allocates no result objects. */
export class AmountReader {
  /** How many decimals the last amount was written with. */
  decimals = 0;

  /**
   * Reads `12.30`, `-12.30`, `+12`, `.5`, `1,234.56`, `1,23,456.78`, `1,234,567`, `(12.30)`, with or without spaces around it. A comma
   * that may be a decimal comma (`1,234`) is a problem, never a guess, also where it can be nothing else (`12,50`); so is an exponent (`1.2E+05`).
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
      else return this.#readSlowly(bytes, from, to);
    }
    const decimals = dot < 0 ? 0 : to - dot - 1;
    const digits = to - first - (dot < 0 ? 0 : 1);
    // Eleven digits and four more are below 2⁵³.
    if (digits === 0 || digits > 11 || decimals > UNIT_DECIMALS) return this.#readSlowly(bytes, from, to);
    this.decimals = decimals;
    units *= SCALE[UNIT_DECIMALS - decimals] as number;
    return negative && units !== 0 ? -units : units;
  }

  #readSlowly(bytes: Uint8Array, from: number, to: number): Amount {
    if (to - from > 200) return 'not-a-number';
    const text = Buffer.from(bytes.subarray(from, to)).toString('latin1').trim();
    if (text === '') return 'empty';
    if (/^[-+(]?[\d.,]+E[-+]?\d+\)?$/iu.test(text)) return 'exponent';
    const inParentheses = /^\((.*)\)$/u.exec(text)?.[1];
    const digits = inParentheses ?? text.replace(/^[-+]/u, '');
    const negative = inParentheses !== undefined || text.startsWith('-');
    if (!/^\d*\.?\d*$/u.test(digits) || !/\d/u.test(digits)) {
      if (!/^[\d.,]+$/u.test(digits) || !digits.includes(',')) return 'not-a-number';
      if (DECIMAL_COMMA.test(digits)) return 'decimal-comma';
      // Commas separate thousands only if a decimal point follows them, or if there are several. India also groups by two.
      if (!/^\d{1,3}(?:,\d{2,3})*,\d{3}\.\d*$/u.test(digits) && !/^\d{1,3}(?:,\d{2,3})+,\d{3}$/u.test(digits))
        return 'comma';
    }
    const [whole = '', fraction = ''] = digits.replaceAll(',', '').split('.');
    if (fraction.length > FINE_DECIMALS) return 'too-fine';
    this.decimals = fraction.length;
    const fine = BigInt(whole + fraction.padEnd(FINE_DECIMALS, '0'));
    return compact(negative ? -fine : fine);
  }
}

/** Fine units as a number of ten-thousandths where that is exact. */
function compact(fine: bigint): number | bigint {
  const units = fine / FINE_PER_UNIT;
  const safe = units <= Number.MAX_SAFE_INTEGER && units >= Number.MIN_SAFE_INTEGER;
  return units * FINE_PER_UNIT === fine && safe ? Number(units) : fine;
}

/** An amount in fine units. */
export function toFine(amount: number | bigint): bigint {
  return typeof amount === 'bigint' ? amount : BigInt(amount) * FINE_PER_UNIT;
}

/** Fine units as a decimal, with at least this many decimals: `-1234.50`. */
export function formatDecimal(fine: bigint, decimals: number): string {
  const digits = String(fine < 0n ? -fine : fine).padStart(FINE_DECIMALS + 1, '0');
  const fraction = digits.slice(-FINE_DECIMALS).replace(/0+$/u, '').padEnd(decimals, '0');
  return `${fine < 0n ? '-' : ''}${digits.slice(0, -FINE_DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The most that rounding to so many decimals can change an amount, in fine units. */
export function halfUnit(decimals: number): bigint {
  if (decimals >= EXACT_DECIMALS) return 0n;
  return 5n * 10n ** BigInt(FINE_DECIMALS - 1 - Math.max(decimals, CENT_DECIMALS));
}

/**
 * True if two amounts in fine units are equal when rounded to so many decimals, those that one of them was written with: cents
 * at least.
 */
export function equalTo(decimals: number, a: bigint, b: bigint): boolean {
  const difference = a < b ? b - a : a - b;
  return difference <= halfUnit(decimals);
}

/** A growing list of exact sums, eight bytes each. What a double cannot hold exactly is kept apart, in a map. */
export class ExactSums {
  /** Ten-thousandths. */
  #units = new Float64Array(1 << 10);
  /** What could not be added to `#units`, in fine units. */
  readonly #rest = new Map<number, bigint>();

  /** Adds to the sum with this index; all sums start at 0. */
  add(index: number, amount: number | bigint): void {
    if (index >= this.#units.length) this.#units = extended(this.#units, index + 1);
    if (typeof amount === 'number') {
      const sum = (this.#units[index] as number) + amount;
      if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) {
        this.#units[index] = sum;
        return;
      }
    }
    this.#rest.set(index, (this.#rest.get(index) ?? 0n) + toFine(amount));
  }

  subtract(index: number, amount: number | bigint): void {
    this.add(index, -amount);
  }

  /** The sum in fine units. */
  fine(index: number): bigint {
    return toFine(this.#units[index] ?? 0) + (this.#rest.get(index) ?? 0n);
  }

  /** A fast check for 0, rounded to so many decimals. False may still be 0: then ask `fine`. */
  isZero(index: number, decimals: number): boolean {
    const units = this.#units[index] ?? 0;
    if (this.#rest.size > 0 && this.#rest.has(index)) return false;
    const half = HALF_UNITS[decimals] ?? 0;
    return units <= half && units >= -half;
  }
}

/** Half a unit of so many decimals, in ten-thousandths. */
const HALF_UNITS = [50, 50, 50, 5, 0] as const;
