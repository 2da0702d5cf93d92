import { measure } from './measure.js';

/**
 * Every candidate has its turn in every round, so that a noisy neighbour disturbs all alike. The first round warms the page
 * cache and is thrown away.
 * @returns {Promise<Map<object, object[]>>} the measurements of each candidate, one for each round
 */
export async function inTurns(candidates, runs) {
  const found = new Map(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round <= runs; round++) {
    for (const [candidate, samples] of found) {
      const sample = await oneTurn(candidate);
      if (round > 0) samples.push(sample);
    }
  }
  return found;
}

async function oneTurn(candidate) {
  const before = await candidate.before?.();
  const sample = await measure({ ...candidate, ...before });
  // What only the candidate itself can tell: a time taken inside it, requests counted by the server.
  return { ...sample, ...(await candidate.after?.(sample)) };
}
