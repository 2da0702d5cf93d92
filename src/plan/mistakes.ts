import { EbillError } from '../errors.ts';
import { oneLine, visible } from '../system/escaping.ts';
import type { Mistake } from './types.ts';

/** Named one by one; the rest is counted. */
const NAMED = 10;

/**
 * All mistakes of a plan as one error, each as `plan.yaml:LINE:COLUMN: what is wrong`, in the order of the text.
 * @param name of the plan, as the operator wrote it
 */
export function planMistakes(name: string, mistakes: readonly Mistake[]): EbillError {
  const sorted = [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted
    .slice(0, NAMED)
    .map(({ line, column, message }) => visible(`${name}:${line}:${column}: ${oneLine(message)}`));
  const more = sorted.length > NAMED ? [`and ${sorted.length - NAMED} more`] : [];
  return new EbillError('INVALID_PLAN', [...lines, ...more].join('\n'), {
    hint: 'Nothing was sent. Correct the plan and run it again; ebill help plan tells every key.',
  });
}
