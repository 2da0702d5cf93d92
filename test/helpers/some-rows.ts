/** Every Nth row from `first` on, for each `npm test`; the others are for tests tagged `slow`. */
export function someRows<T>(rows: readonly T[], every: number, first = 0): { some: T[]; others: T[] } {
  const isSome = (_: T, i: number): boolean => i % every === first;
  return { some: rows.filter(isSome), others: rows.filter((row, i) => !isSome(row, i)) };
}
