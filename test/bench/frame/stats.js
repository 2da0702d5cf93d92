/** @param {number[]} numbers @returns {number} the one in the middle; NaN of none */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The largest, as a multiple of the smallest. */
export const spread = (numbers) => Math.max(...numbers) / Math.min(...numbers);

/** The median of the pairs' ratios: what slows a whole round down for a while slows both of it. */
export const pairedRatio = (ours, peers) => median(ours.map((value, round) => value / peers[round]));

export const rounded = (number, digits = 2) => Number(number.toFixed(digits));
