import { AmountReader, decimalText, fineOf } from './amount.ts';

/**
 * Adds up decimals exactly, written with as many decimals as the finest of them. `null` when one is unknown or no
 * amount: a sum without it would be a wrong one.
 */
export function sumOfAmounts(amounts: readonly (string | null)[]): string | null {
  const reader = new AmountReader();
  let sum = 0n;
  let decimals = 0;
  for (const amount of amounts) {
    if (amount === null) return null;
    const bytes = Buffer.from(amount);
    const value = reader.read(bytes, 0, bytes.length);
    if (typeof value === 'string') return null;
    sum += fineOf(value);
    decimals = Math.max(decimals, reader.decimals);
  }
  return amounts.length === 0 ? null : decimalText(sum, decimals);
}
