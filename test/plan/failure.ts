import { EbillError } from '../../src/errors.ts';
import { parsePlan } from '../../src/plan/parse.ts';

/** What a text that is no plan is told. */
export function failure(text: string): EbillError {
  try {
    parsePlan(text, 'plan.yaml');
  } catch (error) {
    if (error instanceof EbillError) return error;
    throw error;
  }
  throw new Error(`it was taken for a plan: ${text}`);
}
