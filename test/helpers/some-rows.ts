import { test } from 'vitest';

/** Every Nth row from `first` on, for each `npm test`; the others are for tests tagged `slow`. */
export function someRows<T>(rows: readonly T[], every: number, first = 0): { some: T[]; others: T[] } {
  const isSome = (_: T, i: number): boolean => i % every === first;
  return { some: rows.filter(isSome), others: rows.filter((row, i) => !isSome(row, i)) };
}

/** `test.each` with every Nth row from `first` on in each `npm test`, and the others tagged `slow`. */
export const testSome = (every: number, first = 0): typeof test.each =>
  ((rows: readonly unknown[]) =>
    (title: string, run: (...row: unknown[]) => Promise<void>, timeout?: number) => {
      const { some, others } = someRows(rows, every, first);
      test.each(some)(title, run, timeout);
      test.each(others)(title, { tags: 'slow' }, run);
    }) as typeof test.each;
