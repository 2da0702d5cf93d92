/** So many results are kept. */
const MOST = 4096;

/**
 * Keeps the results of a pure function. Simulated processes read the same lines and answers again and again, often those of
 * other months.
 * @param keyOf what the result depends on
 */
export function remember<In extends readonly unknown[], Out>(
  work: (...input: In) => Out,
  keyOf: (...input: In) => string,
): (...input: In) => Out {
  const known = new Map<string, Out>();
  return (...input) => {
    const key = keyOf(...input);
    const before = known.get(key);
    if (before !== undefined) return before;
    // What throws is not kept; nor is `undefined`.
    const result = work(...input);
    if (known.size >= MOST) known.clear();
    known.set(key, result);
    return result;
  };
}
