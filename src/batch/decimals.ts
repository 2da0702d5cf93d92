/** Decimals as the program writes them (`-1234.50`), calculated exactly. What is read from files is in `files/amounts.ts`. Pure. */

/** A whole number of 10^-decimals. */
interface Decimal {
  readonly units: bigint;
  readonly decimals: number;
}

function parse(text: string): Decimal | null {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '') return null;
  return { units: BigInt(`${sign}${whole}${fraction}`), decimals: fraction.length };
}

const scaled = ({ units, decimals }: Decimal, to: number): bigint => units * 10n ** BigInt(to - decimals);
const size = (value: bigint): bigint => (value < 0n ? -value : value);

function format(units: bigint, decimals: number): string {
  const digits = String(size(units)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  return `${units < 0n ? '-' : ''}${whole}${decimals === 0 ? '' : `.${digits.slice(-decimals)}`}`;
}

/**
 * Adds up decimals exactly; the sum has as many decimals as the finest of them. `null` when there are none, or when one is
 * `null` or no decimal, because a sum without it would be wrong.
 */
export function sumAmounts(amounts: readonly (string | null)[]): string | null {
  const all = amounts.map((amount) => (amount === null ? null : parse(amount)));
  if (all.length === 0) return null;
  let decimals = 0;
  for (const one of all) {
    if (one === null) return null;
    decimals = Math.max(decimals, one.decimals);
  }
  const sum = all.reduce((so, one) => so + (one === null ? 0n : scaled(one, decimals)), 0n);
  return format(sum, decimals);
}

/** Two decimals in the same units; `null` when one is no decimal. */
function pair(now: string, last: string): { readonly now: bigint; readonly last: bigint } | null {
  const [a, b] = [parse(now), parse(last)];
  if (a === null || b === null) return null;
  const decimals = Math.max(a.decimals, b.decimals);
  return { now: scaled(a, decimals), last: scaled(b, decimals) };
}

/** How much more or less it is than `last`, in percent of its size, to a tenth; `null` where `last` is 0 and it is not. */
export function percentChange(now: string, last: string): number | null {
  const both = pair(now, last);
  if (both === null || (both.last === 0n && both.now !== 0n)) return null;
  if (both.last === 0n) return 0;
  const [change, whole] = [both.now - both.last, size(both.last)];
  const tenths = (size(change) * 2000n + whole) / (2n * whole);
  return Number(change < 0n ? -tenths : tenths) / 10;
}

/** A change that is allowed: `10%` either way, `+5%` only more, `-5%` only less. */
export const LIMIT = /^([+-]?)(\d{1,6})(?:\.(\d{1,6}))?\s*%$/;

/** Whether it differs from `last` by no more than the limit allows, exactly. @param limit as `LIMIT` */
export function isWithin(now: string, last: string, limit: string): boolean {
  const both = pair(now, last);
  const [, sign = '', whole = '', fraction = ''] = LIMIT.exec(limit) ?? [];
  if (both === null || whole === '') return false;
  const change = both.now - both.last;
  if ((sign === '+' && change < 0n) || (sign === '-' && change > 0n)) return false;
  const allowed = BigInt(`${whole}${fraction}`) * size(both.last);
  return size(change) * 100n * 10n ** BigInt(fraction.length) <= allowed;
}
