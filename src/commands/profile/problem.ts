import { EbillError } from '../../errors.ts';

/** A check as a question needs it: what it throws, as a sentence with the way out; `null` when it throws nothing. */
export function problemOf(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof EbillError) return `${error.message} ${error.hint}`;
    throw error;
  }
}
