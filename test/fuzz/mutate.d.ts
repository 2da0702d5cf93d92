export function randomFrom(seed: number): () => number;
export function mutated(
  bytes: Buffer,
  corpus: readonly Buffer[],
  dictionary: readonly string[],
  random: () => number,
): Buffer;
