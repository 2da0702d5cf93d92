import { EbillError } from '../../src/errors.ts';
import { parsePlan } from '../../src/plan/read-plan.ts';

/** The error that `parsePlan` throws for a text. */
export function parseFailure(text: string): EbillError {
  try {
    parsePlan(text, 'plan.yaml');
  } catch (error) {
    if (error instanceof EbillError) return error;
    throw error;
  }
  throw new Error(`parsed without an error: ${text}`);
}
